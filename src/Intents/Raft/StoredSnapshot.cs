using System.Buffers;
using System.Globalization;
using DotNext.IO;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;
using Meridian.Intents.State;

namespace Meridian.Intents.Raft;

/// <summary>A snapshot on disk, in file <c>INDEX-TERM</c>. Its bytes stay in memory, too: they are sent to a follower that is too far behind.</summary>
internal sealed class StoredSnapshot(long index, long term, byte[] bytes) : ISnapshot
{
    public long Index => index;

    public long Term => term;

    bool IDataTransferObject.IsReusable => true;

    long? IDataTransferObject.Length => bytes.Length;

    /// <summary>Writes the snapshot durably, and either completely or not at all.</summary>
    public static StoredSnapshot Write(string folder, long index, long term, byte[] bytes)
    {
        MemberDirectory.Replace(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{index}-{term}")), bytes);
        return new StoredSnapshot(index, term, bytes);
    }

    /// <summary>The newest snapshot, or null.</summary>
    /// <exception cref="IntentLogException">The newest snapshot is damaged. An older one does not help, because the log has dropped the entries between
    /// them.</exception>
    public static (StoredSnapshot Stored, IntentSnapshot State)? ReadNewest(string folder)
    {
        if (List(folder).OrderByDescending(each => each.Index).FirstOrDefault() is not { File: not null } newest)
            return null;
        var bytes = File.ReadAllBytes(newest.File);
        try
        {
            var state = IntentSnapshot.Deserialize(new ReadOnlySequence<byte>(bytes));
            return state.AppliedIndex == newest.Index
                ? (new StoredSnapshot(newest.Index, newest.Term, bytes), state)
                : throw new IntentLogException($"The snapshot is damaged: it holds index {state.AppliedIndex}.");
        }
        catch (IntentLogException exception)
        {
            throw new IntentLogException($"'{newest.File}': {exception.Message}", exception);
        }
    }

    public static void DeleteBefore(string folder, long index)
    {
        foreach (var (file, _, _) in List(folder).Where(each => each.Index < index))
            File.Delete(file);
    }

    bool IDataTransferObject.TryGetMemory(out ReadOnlyMemory<byte> memory)
    {
        memory = bytes;
        return true;
    }

    ValueTask IDataTransferObject.WriteToAsync<TWriter>(TWriter writer, CancellationToken token) => writer.Invoke(bytes, token);

    private static IEnumerable<(string File, long Index, long Term)> List(string folder)
    {
        foreach (var file in System.IO.Directory.EnumerateFiles(folder))
        {
            var name = Path.GetFileName(file).Split('-');
            if (name.Length == 2 && long.TryParse(name[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                && long.TryParse(name[1], NumberStyles.None, CultureInfo.InvariantCulture, out var term))
                yield return (file, index, term);
        }
    }
}
