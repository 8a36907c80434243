using System.Buffers;
using System.Collections.Immutable;
using System.Security.Cryptography;
using MessagePack;
using MessagePack.Resolvers;

namespace Meridian.Intents.State;

/// <summary>
/// The whole state at one index. Its format on disk and on the wire is MessagePack <c>[version, state, SHA-256 of state]</c>. Equal states have equal bytes.
/// </summary>
public sealed record IntentSnapshot
{
    /// <summary>Version of the format. A reader refuses a later version.</summary>
    public const int Version = 1;

    private static readonly MessagePackSerializerOptions Format =
        MessagePackSerializerOptions.Standard.WithResolver(StandardResolver.Instance).WithSecurity(MessagePackSecurity.UntrustedData);

    public required long AppliedIndex { get; init; }

    public required long Revision { get; init; }

    public required IntentGeneration Generation { get; init; }

    public required ImmutableSortedDictionary<string, IntentVoter> Voters { get; init; }

    public required ImmutableSortedDictionary<IntentKey, IntentRecord> Records { get; init; }

    /// <value>The remembered operations, in the order of their decisions. The keys are a count of this process: only their order is part of the state.</value>
    public required ImmutableSortedDictionary<long, RememberedOperation> Operations { get; init; }

    public byte[] Serialize() => Envelop(SerializeState(AppliedIndex, digests: true));

    private static byte[] Envelop(byte[] state)
    {
        var output = new ArrayBufferWriter<byte>(state.Length + 64);
        var writer = new MessagePackWriter(output);
        writer.WriteArrayHeader(3);
        writer.Write(Version);
        writer.Write(state);
        writer.Write(SHA256.HashData(state));
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    /// <exception cref="IntentLogException">The bytes are not a snapshot, are damaged, or were written by a later version.</exception>
    public static IntentSnapshot Deserialize(in ReadOnlySequence<byte> bytes)
    {
        try
        {
            var reader = new MessagePackReader(bytes);
            var parts = reader.ReadArrayHeader();
            var version = reader.ReadInt32();
            if (version > Version)
                throw new IntentLogException($"The snapshot has version {version}, this build reads up to {Version}. Run the build that wrote it, or a later one.");
            if (parts < 3 || version < 1)
                throw new IntentLogException("The snapshot is damaged: it does not begin as one.");
            var state = reader.ReadBytes() ?? default;
            var checksum = reader.ReadBytes() ?? default;
            var stateBytes = state.ToArray();
            if (!SHA256.HashData(stateBytes).AsSpan().SequenceEqual(checksum.ToArray()))
                throw new IntentLogException("The snapshot is damaged: its checksum does not match.");

            // MessagePack can encode one value in several ways. If the bytes differ from this build's encoding, they were changed after they were written.
            return bytes.ToArray().AsSpan().SequenceEqual(Envelop(stateBytes))
                ? DeserializeState(stateBytes)
                : throw new IntentLogException("The snapshot is damaged: its frame is not as it was written.");
        }
        catch (Exception exception) when (exception is MessagePackSerializationException or EndOfStreamException or OverflowException or ArgumentException or InvalidOperationException)
        {
            throw new IntentLogException($"The snapshot is damaged: {exception.Message}", exception);
        }
    }

    /// <summary>
    /// SHA-256 over the state, hexadecimal. The applied index is left out, because it is the state's position and not its content: entries that change nothing
    /// keep the hash. The digests of operations are left out, too: builds from before digests do not keep them, and are equal in everything else.
    /// </summary>
    public string ComputeHash() => Convert.ToHexStringLower(SHA256.HashData(SerializeState(0, digests: false)));

    // The digests are a seventh part, which builds from before digests skip. If there are no digests, the part is left out.
    private byte[] SerializeState(long appliedIndex, bool digests)
    {
        digests = digests && Operations.Values.Any(operation => operation.Digest is not null);
        var output = new ArrayBufferWriter<byte>(4096);
        var writer = new MessagePackWriter(output);
        writer.WriteArrayHeader(digests ? 7 : 6);
        writer.Write(appliedIndex);
        writer.Write(Revision);
        MessagePackSerializer.Serialize(ref writer, Generation, Format);
        WriteAll(ref writer, Voters.Values, Voters.Count);
        WriteAll(ref writer, Records.Values, Records.Count);
        WriteAll(ref writer, Operations.Values, Operations.Count);
        if (digests)
            WriteAll(ref writer, Operations.Values.Select(operation => operation.Digest), Operations.Count);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    private static IntentSnapshot DeserializeState(byte[] state)
    {
        var reader = new MessagePackReader(state);
        var parts = reader.ReadArrayHeader();
        if (parts < 6)
            throw new IntentLogException("The snapshot is damaged: parts of the state are missing.");
        var appliedIndex = reader.ReadInt64();
        var revision = reader.ReadInt64();
        var generation = MessagePackSerializer.Deserialize<IntentGeneration>(ref reader, Format);
        var voters = ReadAll<IntentVoter>(ref reader);
        var records = ReadAll<IntentRecord>(ref reader);
        var operations = ReadAll<RememberedOperation>(ref reader);
        var digests = parts > 6 ? ReadAll<byte[]?>(ref reader) : null;
        if (digests is not null && digests.Count != operations.Count)
            throw new IntentLogException($"The snapshot is damaged: it has {operations.Count} operations and {digests.Count} digests.");
        return new IntentSnapshot
        {
            AppliedIndex = appliedIndex,
            Revision = revision,
            Generation = generation,
            Voters = voters.ToImmutableSortedDictionary(voter => voter.Name, voter => voter, StringComparer.Ordinal),
            Records = records.ToImmutableSortedDictionary(record => record.Key, record => record, IntentKey.Order),
            Operations = operations.Select((operation, order) => KeyValuePair.Create((long)order, operation with { Digest = digests?[order] })).ToImmutableSortedDictionary(),
        };
    }

    private static void WriteAll<T>(ref MessagePackWriter writer, IEnumerable<T> values, int count)
    {
        writer.WriteArrayHeader(count);
        foreach (var value in values)
            MessagePackSerializer.Serialize(ref writer, value, Format);
    }

    private static List<T> ReadAll<T>(ref MessagePackReader reader)
    {
        var count = reader.ReadArrayHeader();
        var all = new List<T>(count);
        for (var i = 0; i < count; i++)
            all.Add(MessagePackSerializer.Deserialize<T>(ref reader, Format));
        return all;
    }
}
