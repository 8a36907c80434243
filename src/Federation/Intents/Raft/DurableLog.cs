using DotNext.IO;
using DotNext.IO.Log;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace Meridian.Federation.Intents.Raft;

/// <summary>
/// The library's write-ahead log, made safe where it is not. A follower's append returns, and so is acknowledged, only when the entries are on disk; the library alone starts the
/// flush and returns. (A leader's own entries are flushed before they are committed by the library itself.)
/// <para>
/// And entries are read from the network to their end before the first one is appended: of a batch that breaks off while it replaces a tail, the part that came would count as
/// flushed already, since the library moves its mark only after the whole batch.
/// </para>
/// Pages are private memory written through to files, not mapped ones: on a full disk a write to a mapped page kills the process (SIGBUS), a write to a file fails.
/// </summary>
internal sealed class DurableLog(string location, ReplicatedState state) : WriteAheadLog(Settings(location), state), IPersistentState, IAuditTrail<IRaftLogEntry>
{
    int IPersistentState.Version => state.Version;

    async ValueTask IAuditTrail<IRaftLogEntry>.AppendAsync<TEntry>(ILogEntryProducer<TEntry> entries, long startIndex, bool skipCommitted, CancellationToken token)
    {
        if (entries.RemainingCount == 0)
        {
            await AppendAsync(entries, startIndex, skipCommitted, token).ConfigureAwait(false);
        }
        else
        {
            var arrived = new List<BufferedEntry>((int)Math.Min(entries.RemainingCount, 4096));
            while (await entries.MoveNextAsync().ConfigureAwait(false))
            {
                var entry = entries.Current;
                arrived.Add(new BufferedEntry(entry.Term, entry.IsConfiguration, entry.CommandId, await entry.ToByteArrayAsync(token: token).ConfigureAwait(false)));
            }

            await AppendAsync(new LogEntryProducer<BufferedEntry>(arrived), startIndex, skipCommitted, token).ConfigureAwait(false);
        }

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
}
