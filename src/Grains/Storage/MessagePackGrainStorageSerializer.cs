using MessagePack;
using Orleans.Storage;

namespace Meridian.Grains.Storage;

/// <summary>
/// Grain state as one byte of format version and a MessagePack body. Version 1 is the standard resolver with integer keys.
/// A record once written is read for ever: fields are added under new keys and never renumbered, and a new version of the format keeps the readers of the old ones.
/// </summary>
public sealed class MessagePackGrainStorageSerializer : IGrainStorageSerializer
{
    /// <summary>Version that is written.</summary>
    public const byte FormatVersion = 1;

    private static readonly MessagePackSerializerOptions Options = MessagePackSerializerOptions.Standard.WithSecurity(MessagePackSecurity.UntrustedData);

    public BinaryData Serialize<T>(T? input)
    {
        using var stream = new MemoryStream(256);
        stream.WriteByte(FormatVersion);
        MessagePackSerializer.Serialize(stream, input, Options);
        return new BinaryData(stream.GetBuffer().AsMemory(0, (int)stream.Length));
    }

    /// <exception cref="InvalidDataException">The record is empty, damaged, or was written by a newer version of Meridian.</exception>
    public T? Deserialize<T>(BinaryData input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var bytes = input.ToMemory();
        if (bytes.IsEmpty) throw new InvalidDataException($"A stored {typeof(T).Name} is empty: not even its format version was written. Restore it from a backup.");

        var version = bytes.Span[0];
        if (version != FormatVersion)
        {
            throw new InvalidDataException(
                $"A stored {typeof(T).Name} has format version {version}; this build reads version {FormatVersion}. Run the version of Meridian that wrote it, or a newer one.");
        }

        try
        {
            return MessagePackSerializer.Deserialize<T>(bytes[1..], Options);
        }
        catch (MessagePackSerializationException e)
        {
            throw new InvalidDataException($"A stored {typeof(T).Name} of {bytes.Length} bytes is damaged. Restore it from a backup.", e);
        }
    }
}
