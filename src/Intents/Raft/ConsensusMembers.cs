using System.Buffers.Binary;
using System.Net;
using System.Text;
using DotNext.Buffers;
using DotNext.Net.Cluster.Consensus.Raft.Membership;

namespace Meridian.Intents.Raft;

/// <summary>
/// The voters, on disk. Little-endian: a version (int64, the index of the entry that made this membership), a count (int32), then each address as length
/// (int32) and UTF-8 text. Consensus rewrites the whole file when it applies an entry that changes the membership.
/// </summary>
internal sealed class ConsensusMembers(string file) : PersistentClusterConfigurationStorage<EndPoint>(file)
{
    /// <summary>Writes a membership before consensus runs.</summary>
    public static void Write(string file, long version, IReadOnlyCollection<string> addresses)
    {
        var bytes = new MemoryStream();
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, version);
        bytes.Write(number);
        BinaryPrimitives.WriteInt32LittleEndian(number, addresses.Count);
        bytes.Write(number[..4]);
        foreach (var address in addresses)
        {
            var text = Encoding.UTF8.GetBytes(address);
            BinaryPrimitives.WriteInt32LittleEndian(number, text.Length);
            bytes.Write(number[..4]);
            bytes.Write(text);
        }

        MemberDirectory.Replace(file, bytes.ToArray());
    }

    /// <exception cref="IntentLogException">The file is missing or damaged.</exception>
    public static IReadOnlyList<EndPoint> Read(string file)
    {
        try
        {
            ReadOnlySpan<byte> bytes = File.ReadAllBytes(file);
            var count = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
            bytes = bytes[12..];
            var addresses = new List<EndPoint>();
            for (var i = 0; i < count; i++)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
                if (!ConsensusAddress.TryParse(Encoding.UTF8.GetString(bytes.Slice(4, length)), out var address))
                    throw new IntentLogException($"'{file}' is damaged: it holds an address that is none.");
                addresses.Add(address);
                bytes = bytes[(4 + length)..];
            }

            return addresses;
        }
        catch (Exception exception) when (exception is ArgumentOutOfRangeException or FileNotFoundException)
        {
            throw new IntentLogException($"'{file}' is missing or damaged: {exception.Message}", exception);
        }
    }

    protected override void Encode(EndPoint address, ref BufferWriterSlim<byte> writer)
    {
        var text = Encoding.UTF8.GetBytes(ConsensusAddress.Format(address));
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        writer.Write(length);
        writer.Write(text);
    }

    protected override EndPoint Decode(ref SequenceReader reader)
    {
        Span<byte> length = stackalloc byte[4];
        reader.Read(length);
        var text = new byte[BinaryPrimitives.ReadInt32LittleEndian(length)];
        reader.Read(text);
        return ConsensusAddress.TryParse(Encoding.UTF8.GetString(text), out var address)
            ? address
            : throw new InvalidDataException("The membership holds an address that is none.");
    }
}
