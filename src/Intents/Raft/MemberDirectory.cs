using System.Buffers;
using System.Security.Cryptography;
using MessagePack;
using MessagePack.Resolvers;

namespace Meridian.Intents.Raft;

/// <summary>
/// A member's directory: <c>member</c> (the identity of its owner), <c>members</c> (the voters), <c>log/</c> and <c>snapshots/</c>. One process at a time locks
/// it. A small file is replaced as a whole (write a second file, flush, rename), so that after a crash there is either the old file or the new one.
/// </summary>
internal sealed class MemberDirectory : IDisposable
{
    private const int Version = 1;

    private static readonly MessagePackSerializerOptions Format =
        MessagePackSerializerOptions.Standard.WithResolver(StandardResolverAllowPrivate.Instance).WithSecurity(MessagePackSecurity.UntrustedData);

    private readonly FileStream _held;

    private MemberDirectory(string path, FileStream held)
    {
        Path = path;
        _held = held;
    }

    public string Path { get; }

    public string Log => System.IO.Path.Combine(Path, "log");

    public string Snapshots => System.IO.Path.Combine(Path, "snapshots");

    public string Members => System.IO.Path.Combine(Path, "members");

    private string IdentityFile => System.IO.Path.Combine(Path, "member");

    /// <exception cref="IntentLogException">Another process has locked the directory, or it cannot be created.</exception>
    public static MemberDirectory Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            System.IO.Directory.CreateDirectory(path);
            return new MemberDirectory(path, new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IntentLogException(
                $"The intent log's directory '{path}' cannot be used: {exception.Message} Check that no other process of this member runs, and that this one may write there.", exception);
        }
    }

    /// <summary>Reads the identity; null if the directory is empty.</summary>
    /// <exception cref="IntentLogException">The identity is damaged, or it is missing although there is a log.</exception>
    public MemberIdentity? ReadIdentity()
    {
        if (!File.Exists(IdentityFile))
        {
            return HasLog
                ? throw new IntentLogException($"'{Path}' holds a log, but '{IdentityFile}', which says whose it is, is missing. {Remedy}")
                : null;
        }

        try
        {
            var reader = new MessagePackReader(File.ReadAllBytes(IdentityFile));
            if (reader.ReadArrayHeader() < 3)
                throw new IntentLogException($"'{IdentityFile}' is damaged: it does not begin as one. {Remedy}");
            var version = reader.ReadInt32();
            if (version > Version)
                throw new IntentLogException($"'{IdentityFile}' has version {version}, this build reads up to {Version}. Run the build that wrote it, or a later one.");
            var bytes = (reader.ReadBytes() ?? default).ToArray();
            return SHA256.HashData(bytes).AsSpan().SequenceEqual((reader.ReadBytes() ?? default).ToArray())
                ? MessagePackSerializer.Deserialize<MemberIdentity>(bytes, Format)
                : throw new IntentLogException($"'{IdentityFile}' is damaged: its checksum does not match. {Remedy}");
        }
        catch (Exception exception) when (exception is MessagePackSerializationException or EndOfStreamException or InvalidOperationException)
        {
            throw new IntentLogException($"'{IdentityFile}' is damaged: {exception.Message} {Remedy}", exception);
        }
    }

    public void WriteIdentity(MemberIdentity identity)
    {
        var bytes = MessagePackSerializer.Serialize(identity, Format);
        var output = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(output);
        writer.WriteArrayHeader(3);
        writer.Write(Version);
        writer.Write(bytes);
        writer.Write(SHA256.HashData(bytes));
        writer.Flush();
        Replace(IdentityFile, output.WrittenSpan);
    }

    /// <value>Folder of the log's entries.</value>
    public string Entries => System.IO.Path.Combine(Log, "data");

    /// <summary>Deletes log, snapshots and membership, and creates an empty folder for new entries. The identity stays.</summary>
    public void Clear()
    {
        File.Delete(Members);
        foreach (var folder in new[] { Log, Snapshots })
        {
            if (System.IO.Directory.Exists(folder))
                System.IO.Directory.Delete(folder, recursive: true);
        }

        System.IO.Directory.CreateDirectory(Entries);
    }

    /// <summary>Replaces a file as a whole, durably.</summary>
    public static void Replace(string file, ReadOnlySpan<byte> bytes)
    {
        var beside = file + ".new";
        using (var stream = new FileStream(beside, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }

        File.Move(beside, file, overwrite: true);
        FolderFlush.Flush(System.IO.Path.GetDirectoryName(file)!);
    }

    public void Dispose() => _held.Dispose();

    /// <value>The remedy for a directory that cannot be used, for operators.</value>
    public string Remedy =>
        $"If a majority of the other members runs: move '{Path}' away and start this member again, it comes back empty and fetches everything from them. Otherwise restore the directory from a backup.";

    private bool HasLog => File.Exists(Members) || new[] { Entries, Snapshots }.Any(folder => System.IO.Directory.Exists(folder) && System.IO.Directory.EnumerateFiles(folder).Any());
}
