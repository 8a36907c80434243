using MessagePack;
using Orleans.Storage;

namespace Meridian.Grains.Storage;

/// <summary>
/// Writes grain state as one byte of format version, a MessagePack body and a seal (<see cref="StoredRecordSeal"/>). Version 1 is the standard
/// resolver with integer keys.
/// A record without a seal comes from a release before the seal and can still be read.
/// Every record stays readable forever. New fields get new keys, and keys are never renumbered. A new format version keeps the readers of the old
/// ones.
/// </summary>
public sealed class MessagePackGrainStorageSerializer : IGrainStorageSerializer
{
    /// <summary>The version that this build writes.</summary>
    public const byte FormatVersion = 1;

    private static readonly MessagePackSerializerOptions Options = MessagePackSerializerOptions.Standard.WithSecurity(MessagePackSecurity.UntrustedData);

    public BinaryData Serialize<T>(T? input)
    {
        using var stream = new MemoryStream(256);
        stream.WriteByte(FormatVersion);
        MessagePackSerializer.Serialize(stream, input, Options);
        var length = (int)stream.Length;
        stream.SetLength(length + StoredRecordSeal.Size);
        StoredRecordSeal.Write(stream.GetBuffer().AsSpan(0, length), stream.GetBuffer().AsSpan(length));
        return new BinaryData(stream.GetBuffer().AsMemory(0, (int)stream.Length));
    }

    /// <exception cref="DamagedRecordException">The record is empty or differs from the record that was written.</exception>
    /// <exception cref="InvalidDataException">The record was written by a newer version of Meridian.</exception>
    public T? Deserialize<T>(BinaryData input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var bytes = input.ToMemory();
        if (bytes.IsEmpty) throw new DamagedRecordException($"A stored {typeof(T).Name} is empty: not even its format version was written. Restore it from a backup.");

        var isSealed = StoredRecordSeal.IsSealed(bytes.Span);
        if (isSealed && !StoredRecordSeal.Holds(bytes.Span)) throw Damaged<T>(bytes.Length, null);

        var version = bytes.Span[0];
        if (version != FormatVersion)
        {
            throw new InvalidDataException(
                $"A stored {typeof(T).Name} has format version {version}; this build reads version {FormatVersion}. Run the version of Meridian that wrote it, or a newer one.");
        }

        var body = isSealed ? bytes[1..^StoredRecordSeal.Size] : bytes[1..];
        try
        {
            var value = MessagePackSerializer.Deserialize<T>(body, Options, out var read);

            // If the seal itself is damaged, it is not recognized as a seal. Its bytes then follow the body.
            return read == body.Length ? value : throw Damaged<T>(bytes.Length, null);
        }
        catch (MessagePackSerializationException e)
        {
            throw Damaged<T>(bytes.Length, e);
        }
    }

    private static DamagedRecordException Damaged<T>(int length, Exception? exception) =>
        new($"A stored {typeof(T).Name} of {length} bytes is not what was written. Restore it from a backup.", exception);
}
