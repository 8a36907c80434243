using System.Buffers;
using Meridian.Intents.State;
using MessagePack;

namespace Meridian.Intents.Etcd;

/// <summary>
/// The local copy on disk, for a region that starts while etcd is out of reach. Format: MessagePack <c>[version, cluster id, snapshot]</c>. The file is
/// replaced as a whole, so it always holds one complete copy. It is never newer than etcd, and may be deleted.
/// </summary>
internal sealed class EtcdReplicaFile(string directory)
{
    private const int Version = 1;

    public string Path { get; } = System.IO.Path.Combine(directory, "etcd-replica");

    /// <summary>The copy, or null if there is none.</summary>
    /// <exception cref="IntentLogException">The copy is damaged or was written by a later build. The message names the file and the remedy.</exception>
    public EtcdReplica? Load()
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(Path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IntentLogException($"The local copy of the intent log, '{Path}', cannot be read: {exception.Message}", exception);
        }

        try
        {
            var reader = new MessagePackReader(bytes);
            var parts = reader.ReadArrayHeader();
            var version = reader.ReadInt32();
            if (parts < 3 || version != Version)
                throw new IntentLogException($"it has version {version}, this build reads {Version}.");
            var clusterId = reader.ReadUInt64();
            return EtcdReplica.Of(clusterId, IntentSnapshot.Deserialize(reader.ReadBytes() ?? default));
        }
        catch (Exception exception) when (exception is IntentLogException or MessagePackSerializationException or EndOfStreamException)
        {
            throw new IntentLogException($"The local copy of the intent log, '{Path}', cannot be used: {exception.Message} etcd has the original: delete the file and start again.", exception);
        }
    }

    /// <exception cref="IOException">The copy could not be written; the former copy is still there.</exception>
    public void Save(EtcdReplica replica)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(output);
        writer.WriteArrayHeader(3);
        writer.Write(Version);
        writer.Write(replica.ClusterId);
        writer.Write(replica.ToSnapshot().Serialize());
        writer.Flush();

        var draft = Path + ".new";
        System.IO.Directory.CreateDirectory(directory);
        using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(output.WrittenSpan);
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, Path, overwrite: true);
    }
}
