using System.Collections.Immutable;

namespace Meridian.Intents.State;

/// <summary>
/// The state that the log's entries produce, in order: records, the operations that made them, the address book of the voters and the log's generation. Members
/// must never differ, so it is deterministic: two members that have applied the same entries have the same state, bit for bit
/// (<see cref="IntentReplica.Hash"/>), whichever process, order of arrival or snapshot led to it. It reads no clock, uses no random numbers, and enumerates
/// only in a defined order.
/// <para>
/// A revision has the generation's number in the upper bits and a count in the lower bits. A log that continues without its lost majority cannot know which
/// revisions that majority has given out. So it begins above all of them, and an epoch is never given to two different values.
/// </para>
/// Not thread-safe: one caller applies entries. The values that it publishes (<see cref="Replica"/>, <see cref="Capture"/>) are immutable.
/// </summary>
public sealed class IntentStateMachine
{
    /// <summary>
    /// Number of remembered operations. An operation that is repeated after that many others counts as new; then only its conditions can stop it. This number
    /// is part of the state's definition: members with different numbers would have different states.
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

    /// <value>The addresses of the voters, by name. Consensus alone decides who votes.</value>
    public ImmutableSortedDictionary<string, IntentVoter> Voters => _voters;

    /// <summary>
    /// Applies the entry at <paramref name="index"/>. Indexes must rise: an entry at or below <see cref="AppliedIndex"/> was applied before and is refused.
    /// </summary>
    /// <returns>The outcome of a change; if the operation was decided before, its first outcome. Null for other entries.</returns>
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

    /// <summary>Skips an entry that does not affect the state, for example an entry of consensus itself.</summary>
    public void Skip(long index)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(index, AppliedIndex);
        Publish(index);
    }

    /// <summary>Gets the outcome of an operation that is still remembered.</summary>
    public bool TryGetOutcome(Guid operation, out IntentOutcome? outcome)
    {
        outcome = _remembered.TryGetValue(operation, out var remembered) ? remembered.Outcome : null;
        return outcome is not null;
    }

    /// <summary>The whole current state, immutable.</summary>
    public IntentSnapshot Capture() => new()
    {
        AppliedIndex = AppliedIndex,
        Revision = _revision,
        Generation = _generation,
        Voters = _voters,
        Records = _records,
        Operations = _operations,
    };

    /// <summary>Replaces the state with a snapshot's state.</summary>
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

    // Generations only rise: if two are proposed at once, or one is proposed twice, the later entry changes nothing.
    private void Begin(IntentGeneration generation)
    {
        if (generation.Number <= _generation.Number)
            return;
        _generation = generation;
        _revision = Math.Max(_revision, (long)(generation.Number - 1) << RevisionBits);
    }

    private void Publish(long index)
    {
        // The hash is needed only to compare copies, so it is computed only on request.
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
