using DotNext.IO;
using DotNext.IO.Log;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace Meridian.Intents.Raft;

/// <summary>
/// The library's write-ahead log, made safe in four places.
/// <list type="bullet">
/// <item>A follower's append returns, and is thereby acknowledged, only when the entries are on disk. The library alone starts the flush and returns. (The
/// library itself flushes a leader's own entries before it commits them.)</item>
/// <item>A batch is read from the network completely before its first entry is appended. The library moves its flush mark only after the whole batch. If a
/// batch broke off while it replaced a tail, its first entries would already count as flushed.</item>
/// <item>Only a conflict deletes a tail (Ongaro and Ousterhout, 2014, section 5.3). The library ends the log at the end of any batch. After a reconnect an
/// older request may arrive after a newer one, and would cut off entries that this member has acknowledged. So entries that the log already has, by index and
/// term, are dropped from the beginning of a batch.</item>
/// <item>A leader appends only entries of the term that it leads. The library raises the term before it ends the leadership, so the current term is no proof of
/// leadership. <see cref="LedTerm"/> is the term of the first entry of a leadership. <see cref="_order"/> lets only one append run at a time: a proposal is
/// checked and appended while no other append runs. The library cancels a leadership's token before it appends as a follower or begins another leadership, so a
/// later proposal is refused.</item>
/// </list>
/// Pages are private memory that is written to files, not mapped files. On a full disk, a write to a mapped page kills the process (SIGBUS); a write to a file
/// only fails.
/// </summary>
internal sealed class DurableLog : WriteAheadLog, IPersistentState, IAuditTrail<IRaftLogEntry>
{
    private readonly ReplicatedState _state;
    private readonly SemaphoreSlim _order = new(1, 1);
    private long _ledTerm;

    public DurableLog(string location, ReplicatedState state)
        : base(Settings(location), state)
    {
        _state = state;

        // A sole voter leads the term on its disk from the start, and appends no first entry.
        _ledTerm = ((IPersistentState)this).Term;
    }

    /// <value>The term that this member leads or led last. A greater term of another member does not change it.</value>
    public long LedTerm => Volatile.Read(ref _ledTerm);

    int IPersistentState.Version => _state.Version;

    async ValueTask<long> IAuditTrail<IRaftLogEntry>.AppendAsync<TEntry>(TEntry entry, CancellationToken token)
    {
        await _order.WaitAsync(token).ConfigureAwait(false);
        try
        {
            token.ThrowIfCancellationRequested();
            if (entry is not IInputLogEntry { Context: Proposal })
                Volatile.Write(ref _ledTerm, entry.Term);
            else if (entry.Term != LedTerm)
                throw new NotLeaderException();
            return await AppendAsync(entry, token).ConfigureAwait(false);
        }
        finally
        {
            _order.Release();
        }
    }

    async ValueTask IAuditTrail<IRaftLogEntry>.AppendAsync<TEntry>(TEntry entry, long startIndex, CancellationToken token)
    {
        await _order.WaitAsync(token).ConfigureAwait(false);
        try
        {
            await AppendAsync(entry, startIndex, token).ConfigureAwait(false);
        }
        finally
        {
            _order.Release();
        }
    }

    async ValueTask IAuditTrail<IRaftLogEntry>.AppendAsync<TEntry>(ILogEntryProducer<TEntry> entries, long startIndex, bool skipCommitted, CancellationToken token)
    {
        var arrived = new List<BufferedEntry>((int)Math.Min(entries.RemainingCount, 4096));
        while (await entries.MoveNextAsync().ConfigureAwait(false))
        {
            var entry = entries.Current;
            arrived.Add(new BufferedEntry(entry.Term, entry.IsConfiguration, entry.CommandId, await entry.ToByteArrayAsync(token: token).ConfigureAwait(false)));
        }

        await _order.WaitAsync(token).ConfigureAwait(false);
        try
        {
            var known = skipCommitted ? await CountKnownAsync(arrived, startIndex, token).ConfigureAwait(false) : 0;
            if (known < arrived.Count)
                await AppendAsync(new LogEntryProducer<BufferedEntry>(arrived[known..]), startIndex + known, skipCommitted, token).ConfigureAwait(false);
        }
        finally
        {
            _order.Release();
        }

        // Flush even if all entries were known: the request that brought them may have ended before its flush.
        await FlushAsync(token).ConfigureAwait(false);
    }

    /// <summary>The failure that stopped the log, or null. A failed log accepts nothing more and must be opened again.</summary>
    public async ValueTask<Exception?> FailureAsync()
    {
        try
        {
            await WaitForApplyAsync(0).ConfigureAwait(false);
            return null;
        }
        catch (Exception exception)
        {
            return exception is InternalException { InnerException: { } cause } ? cause : exception;
        }
    }

    private static Options Settings(string location) => new()
    {
        Location = location,
        ChunkSize = 1 << 20,
        HashAlgorithm = IntegrityHashAlgorithm.Crc32,
        MemoryManagement = MemoryManagementStrategy.PrivateMemory,
    };

    // Counts the first entries that the log already has. Committed entries are the same in every log whose leader can reach this member. Other entries are the
    // same if index and term are equal (the log matching property).
    private async ValueTask<int> CountKnownAsync(List<BufferedEntry> entries, long startIndex, CancellationToken token)
    {
        var committed = LastCommittedEntryIndex;
        var first = Math.Max(startIndex, committed + 1);
        var last = Math.Min(startIndex + entries.Count - 1, LastEntryIndex);
        if (last < first)
            return (int)Math.Clamp(committed - startIndex + 1, 0, entries.Count);
        using var present = await ReadAsync(first, last, token).ConfigureAwait(false);
        for (var index = first; index <= last; index++)
        {
            if (present[(int)(index - first)].Term != entries[(int)(index - startIndex)].Term)
                return (int)(index - startIndex);
        }

        return (int)(last - startIndex + 1);
    }
}
