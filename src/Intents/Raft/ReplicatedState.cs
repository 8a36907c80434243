using System.Buffers;
using DotNext.IO;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;
using Meridian.Intents.State;

namespace Meridian.Intents.Raft;

/// <summary>
/// Connects the state machine to consensus. The log applies entries one at a time; readers use the published copy. A snapshot is taken after a number of
/// entries or of bytes, whichever comes first. A snapshot from a leader may break off on its way and must never replace a whole one. So each snapshot is
/// checked, written to a second file, and then renamed.
/// </summary>
internal sealed class ReplicatedState : IStateMachine
{
    // Bounds the log after a snapshot: a follower that lacks entries gets all of them in one message, which must arrive within the request timeout.
    private const long SnapshotEveryBytes = 4 * 1024 * 1024;

    private readonly IntentStateMachine _machine = new();
    private readonly string _folder;
    private readonly int _snapshotEvery;
    private readonly int _generation;
    private readonly Action<IntentReplica> _publish;
    private readonly Action<Exception> _unsaved;
    private IntentSnapshot _published = new IntentStateMachine().Capture();
    private StoredSnapshot? _snapshot;
    private long _entries;
    private long _bytes;

    /// <summary>Reads the newest snapshot.</summary>
    /// <param name="folder">Folder of the snapshots. Created if missing.</param>
    /// <param name="snapshotEvery">Entries between two snapshots.</param>
    /// <param name="generation">Number of the generation that this member belongs to.</param>
    /// <param name="publish">Called with every new copy, on the applying thread.</param>
    /// <param name="unsaved">Called when a snapshot could not be written. The log grows until one can be written.</param>
    /// <exception cref="IntentLogException">The snapshot is damaged.</exception>
    public ReplicatedState(string folder, int snapshotEvery, int generation, Action<IntentReplica> publish, Action<Exception> unsaved)
    {
        _folder = folder;
        _snapshotEvery = snapshotEvery;
        _generation = generation;
        _publish = publish;
        _unsaved = unsaved;
        System.IO.Directory.CreateDirectory(folder);
        if (StoredSnapshot.ReadNewest(folder) is not { } newest)
            return;
        _snapshot = newest.Stored;
        _machine.Restore(newest.State);
        Publish();
    }

    /// <value>
    /// Consensus refuses messages from members with a higher version than its own. So an earlier generation has the higher version: members that continued in a
    /// new generation refuse all messages of members of the abandoned log. A newcomer has no generation yet and accepts messages from all.
    /// </value>
    public int Version => int.MaxValue - _generation;

    public IntentReplica Replica => _machine.Replica;

    /// <summary>Whether the published state remembers a decision on the operation.</summary>
    public bool Remembers(Guid operation) => Volatile.Read(ref _published).Operations.Values.Any(remembered => remembered.Operation == operation);

    public IntentGeneration Generation => Volatile.Read(ref _published).Generation;

    public IReadOnlyDictionary<string, IntentVoter> Voters => Volatile.Read(ref _published).Voters;

    ISnapshot? ISnapshotManager.Snapshot => Volatile.Read(ref _snapshot);

    ValueTask ISnapshotManager.ReclaimGarbageAsync(long watermark, CancellationToken token)
    {
        StoredSnapshot.DeleteBefore(_folder, watermark);
        return ValueTask.CompletedTask;
    }

    async ValueTask<long> IStateMachine.ApplyAsync(LogEntry entry, CancellationToken token)
    {
        if (entry.Index <= _machine.AppliedIndex)
            return _machine.AppliedIndex;
        if (entry.IsSnapshot)
        {
            await InstallAsync(entry, token).ConfigureAwait(false);
        }
        else
        {
            Apply(entry);
            if (++_entries >= _snapshotEvery || _bytes >= SnapshotEveryBytes)
                Save(entry.Term);
        }

        return _machine.AppliedIndex;
    }

    private void Apply(in LogEntry entry)
    {
        IntentOutcome? outcome = null;
        Guid proposal = default;
        if (!entry.IsConfiguration && entry.TryGetPayload(out var payload) && !payload.IsEmpty)
        {
            var command = IntentCommandFormat.Deserialize(payload, entry.Index);
            proposal = command.Proposal;
            outcome = _machine.Apply(entry.Index, command);
            _bytes += payload.Length;
        }
        else
        {
            _machine.Skip(entry.Index);
        }

        Publish();

        // The log keeps the context by index, even if another leader's entry has replaced the entry of that context. So compare the proposal's name.
        if (entry.Context is Proposal pending && pending.Command.Proposal == proposal)
            pending.Complete(entry.Index, outcome);
    }

    private void Save(long term)
    {
        try
        {
            Volatile.Write(ref _snapshot, StoredSnapshot.Write(_folder, _machine.AppliedIndex, term, _machine.Capture().Serialize()));
            _entries = 0;
            _bytes = 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // No data is lost: the log still has every entry. Retry after some more entries, not at each one.
            _entries -= Math.Max(1, _snapshotEvery / 8);
            _bytes = 0;
            _unsaved(exception);
        }
    }

    private async ValueTask InstallAsync(LogEntry entry, CancellationToken token)
    {
        var bytes = await entry.ToByteArrayAsync(token: token).ConfigureAwait(false);
        var state = IntentSnapshot.Deserialize(new ReadOnlySequence<byte>(bytes));
        if (state.AppliedIndex != entry.Index)
            throw new IntentLogException($"A snapshot of index {state.AppliedIndex} came for index {entry.Index}.");
        var stored = StoredSnapshot.Write(_folder, entry.Index, entry.Term, bytes);
        _machine.Restore(state);
        Volatile.Write(ref _snapshot, stored);
        _entries = 0;
        _bytes = 0;
        Publish();
    }

    private void Publish()
    {
        Volatile.Write(ref _published, _machine.Capture());
        _publish(_machine.Replica);
    }
}
