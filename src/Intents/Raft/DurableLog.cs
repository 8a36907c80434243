using DotNext.IO;
using DotNext.IO.Log;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace Meridian.Intents.Raft;

/// <summary>
/// The library's write-ahead log, made safe where it is not.
/// <list type="bullet">
/// <item>A follower's append returns, and so is acknowledged, only when the entries are on disk; the library alone starts the flush and returns. (A leader's own entries are flushed
/// before they are committed by the library itself.)</item>
/// <item>Entries are read from the network to their end before the first one is appended: of a batch that breaks off while it replaces a tail, the part that came would count as
/// flushed already, since the library moves its mark only after the whole batch.</item>
/// <item>Only a conflict deletes a tail (Ongaro and Ousterhout, 2014, section 5.3). The library ends the log where any batch ends. After a reconnect an older request may arrive behind a newer
/// one; it would cut off entries that this member has acknowledged. So entries that the log already has, by index and term, are dropped from the beginning of a batch.</item>
/// <item>A leader appends only entries of the term that it leads. The library raises the term before it ends the leadership, so that the current term is no proof. <see cref="LedTerm"/> is
/// the term of the entry that a leadership begins with. <see cref="_order"/> keeps appends apart: a proposal is checked and appended while no other append runs. The library cancels
/// a leadership's token before it appends as a follower or begins another leadership, so a proposal that comes later is refused.</item>
/// </list>
/// Pages are private memory written through to files, not mapped ones: on a full disk a write to a mapped page kills the process (SIGBUS), a write to a file fails.
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

        // A sole voter leads the term that is on its disk from the start, and writes no entry to begin with.
        _ledTerm = ((IPersistentState)this).Term;
    }

    /// <value>The term that this member leads, or led last: it stays when another member's greater term arrives.</value>
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

        // Also where all of them were known: the request that brought them may have ended before its flush.
        await FlushAsync(token).ConfigureAwait(false);
    }

    /// <summary>What stopped the log for good, or null. It takes nothing more after that, and has to be opened again.</summary>
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

    // Committed entries are the same in every log that this one can hear of. Of the others index and term say whether they are (the log matching property).
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
