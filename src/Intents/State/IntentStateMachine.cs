using System.Collections.Immutable;

namespace Meridian.Intents.State;

/// <summary>
/// The state that the log's entries make, one after another: records, the operations that made them, the address book of the voters and the log's generation. Deterministic: every
/// member that has applied the same entries has the same state, bit for bit (<see cref="IntentReplica.Hash"/>), whatever process, order of arrival or snapshot brought them there.
/// It reads no clock, draws nothing, and enumerates in order only.
/// <para>
/// A revision is the generation's number in the upper bits and a count below. A log that goes on without its lost majority cannot know which revisions that had given out, so it
/// begins above all of them: an epoch is never given to two different values.
/// </para>
/// Not thread-safe: one caller applies. What it publishes (<see cref="Replica"/>, <see cref="Capture"/>) is immutable.
/// </summary>
public sealed class IntentStateMachine
{
    /// <summary>
    /// How many operations are remembered. One that is repeated after so many others is taken for a new one; its conditions still hold it back. Part of the state's definition:
    /// another number is another state.
    /// </summary>
    public const int RememberedOperations = 16_384;

    private const int RevisionBits = 32;

    private readonly Dictionary<Guid, RememberedOperation> _remembered = [];
    private ImmutableSortedDictionary<long, RememberedOperation> _operations = ImmutableSortedDictionary<long, RememberedOperation>.Empty;
    private ImmutableSortedDictionary<IntentKey, IntentRecord> _records = IntentReplica.Empty.Records;
    private ImmutableSortedDictionary<string, IntentVoter> _voters = ImmutableSortedDictionary.Create<string, IntentVoter>(StringComparer.Ordinal);
    private IntentGeneration _generation = IntentGeneration.None;
    private long _nextOperation;
    private long _revision;
    private IntentReplica _replica = IntentReplica.Empty;

    public IntentStateMachine() => Publish(0);

    /// <value>The state after the last entry.</value>
    public IntentReplica Replica => Volatile.Read(ref _replica);

    public long AppliedIndex => _replica.AppliedIndex;

    public IntentGeneration Generation => _generation;

    /// <value>Where voters are found, by name. Who votes is consensus' own matter.</value>
    public ImmutableSortedDictionary<string, IntentVoter> Voters => _voters;

    /// <summary>Applies the entry at <paramref name="index"/>. Indexes rise; an entry at or below <see cref="AppliedIndex"/> has been applied and is refused.</summary>
    /// <returns>The outcome of a change, the first one if the operation was made before; null for other entries.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is not above <see cref="AppliedIndex"/>.</exception>
    /// <exception cref="IntentLogException">The entry is of a kind that this build does not know.</exception>
    public IntentOutcome? Apply(long index, IntentCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(index, AppliedIndex);
        IntentOutcome? outcome = null;
        if (command.Change is { } change)
            outcome = Make(change);
        else if (command.Voter is { } voter)
            _voters = _voters.SetItem(voter.Name, voter);
        else if (command.Left is { } left)
            _voters = _voters.Remove(left);
        else if (command.Generation is { } generation)
            Begin(generation);
        else if (!command.Barrier)
            throw new IntentLogException($"Entry {index} of the intent log is of a kind that this build does not know. It was written by a newer one: run that build, or a later one, here too.");
        Publish(index);
        return outcome;
    }

    /// <summary>Applies the change at <paramref name="index"/>.</summary>
    public IntentOutcome Apply(long index, IntentChange change) => Apply(index, new IntentCommand { Change = change })!;

    /// <summary>Passes over an entry that holds nothing for the state, for example one of consensus itself.</summary>
    public void Skip(long index)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(index, AppliedIndex);
        Publish(index);
    }

    /// <summary>The outcome of an operation that is still remembered.</summary>
    public bool TryGetOutcome(Guid operation, out IntentOutcome? outcome)
    {
        outcome = _remembered.TryGetValue(operation, out var remembered) ? remembered.Outcome : null;
        return outcome is not null;
    }

    /// <summary>The whole state as it stands now, immutable.</summary>
    public IntentSnapshot Capture() => new()
    {
        AppliedIndex = AppliedIndex,
        Revision = _revision,
        Generation = _generation,
        Voters = _voters,
        Records = _records,
        Operations = _operations,
    };

    /// <summary>Replaces the state by a snapshot's.</summary>
    public void Restore(IntentSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        _revision = snapshot.Revision;
        _generation = snapshot.Generation;
        _voters = snapshot.Voters;
        _records = snapshot.Records;
        _operations = snapshot.Operations;
        _nextOperation = _operations.IsEmpty ? 0 : LastKey(_operations) + 1;
        _remembered.Clear();
        foreach (var remembered in _operations.Values)
            _remembered[remembered.Operation] = remembered;
        Publish(snapshot.AppliedIndex);
    }

    private IntentOutcome Make(IntentChange change)
    {
        if (_remembered.TryGetValue(change.Operation, out var first))
            return first.Repeat(change.Digest, _revision);
        var outcome = Judge(change);
        if (outcome.Made)
        {
            _revision = outcome.Revision;
            var records = _records.ToBuilder();
            foreach (var write in change.Writes)
            {
                if (write.Value is { } value)
                    records[write.Key] = new IntentRecord { Key = write.Key, Epoch = _revision, Value = value };
                else
                    records.Remove(write.Key);
            }

            _records = records.ToImmutable();
        }

        Remember(new RememberedOperation { Operation = change.Operation, Outcome = outcome, Digest = change.Digest });
        return outcome;
    }

    private IntentOutcome Judge(IntentChange change)
    {
        foreach (var condition in change.Conditions)
        {
            var epoch = _records.TryGetValue(condition.Key, out var record) ? record.Epoch : 0;
            if (epoch != condition.Epoch)
                return new IntentOutcome { Made = false, Revision = _revision, Conflict = condition.Key, ConflictEpoch = epoch };
        }

        return new IntentOutcome { Made = true, Revision = _revision + 1 };
    }

    private void Remember(RememberedOperation operation)
    {
        if (_operations.Count == RememberedOperations)
        {
            var (oldest, forgotten) = First(_operations);
            _operations = _operations.Remove(oldest);
            _remembered.Remove(forgotten.Operation);
        }

        _operations = _operations.Add(_nextOperation++, operation);
        _remembered.Add(operation.Operation, operation);
    }

    // Only forward: of two that are proposed at once, or one that is proposed twice, the later entry changes nothing.
    private void Begin(IntentGeneration generation)
    {
        if (generation.Number <= _generation.Number)
            return;
        _generation = generation;
        _revision = Math.Max(_revision, (long)(generation.Number - 1) << RevisionBits);
    }

    private void Publish(long index)
    {
        // Hashing a copy is for comparisons alone; it costs nothing where nobody asks.
        var revision = _revision;
        var state = new IntentSnapshot { AppliedIndex = index, Revision = revision, Generation = _generation, Voters = _voters, Records = _records, Operations = _operations };
        var hash = new Lazy<string>(state.ComputeHash, LazyThreadSafetyMode.PublicationOnly);
        Volatile.Write(ref _replica, new IntentReplica { AppliedIndex = index, Revision = revision, Records = _records, Hash = () => hash.Value });
    }

    private static KeyValuePair<long, RememberedOperation> First(ImmutableSortedDictionary<long, RememberedOperation> operations)
    {
        using var each = operations.GetEnumerator();
        each.MoveNext();
        return new KeyValuePair<long, RememberedOperation>(each.Current.Key, each.Current.Value);
    }

    private static long LastKey(ImmutableSortedDictionary<long, RememberedOperation> operations) => operations.Keys.Last();
}
