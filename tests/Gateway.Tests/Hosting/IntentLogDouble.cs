using Meridian.Intents;
using Meridian.Intents.Records;
using Meridian.Intents.State;

namespace Meridian.Gateway.Tests.Hosting;

/// <summary>An intent log of one member in memory, over the real state machine; loses its majority when the test says so.</summary>
public sealed class IntentLogDouble : IIntentLog
{
    private readonly IntentStateMachine _state = new();
    private readonly Lock _lock = new();
    private readonly List<IntentVoter> _voters = [];

    /// <value>Null while there is a majority; else whether a change's outcome is unknown.</value>
    public bool? Unavailable { get; set; }

    /// <value>The region's copy while it is behind the log; null while it is not.</value>
    public IntentReplica? Behind { get; set; }

    /// <value>Whether the installation has no log.</value>
    public bool IsAbsent { get; set; }

    public IntentReplica Current => Behind ?? _state.Replica;

    public IntentLogStatus Status => new()
    {
        Role = IntentLogRole.Leader,
        Leader = "eastus",
        CanChange = Unavailable is null,
        AppliedIndex = _state.AppliedIndex,
        Voters = [.. _voters],
        Problem = Unavailable is null ? null : "no majority",
    };

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IntentReplica> WaitForChangeAsync(long knownIndex, CancellationToken cancellationToken) => Task.FromResult(Current);

    public Task<IntentReplica> ReadAsync(CancellationToken cancellationToken)
    {
        Behind = null;
        return Task.FromResult(Current);
    }

    public Task<IntentOutcome> ChangeAsync(IntentChange change, CancellationToken cancellationToken)
    {
        IntentRules.Check(change);
        Refuse();
        if (RecordRules.Mistake(change, Current) is { } mistake)
            throw new ArgumentException(mistake);
        lock (_lock)
            return Task.FromResult(_state.Apply(_state.AppliedIndex + 1, change));
    }

    public Task AddVoterAsync(IntentVoter voter, CancellationToken cancellationToken)
    {
        Refuse();
        _voters.Add(voter);
        return Task.CompletedTask;
    }

    public Task<bool> RemoveVoterAsync(string name, CancellationToken cancellationToken)
    {
        Refuse();
        return Task.FromResult(_voters.RemoveAll(voter => voter.Name == name) > 0);
    }

    /// <summary>A record as a build without today's rules took it.</summary>
    public void Enter(IntentKey key, byte[] value)
    {
        lock (_lock)
            _state.Apply(_state.AppliedIndex + 1, new IntentChange { Operation = Guid.NewGuid(), Writes = [new IntentWrite(key, value)] });
    }

    public ValueTask DisposeAsync() => default;

    private void Refuse()
    {
        if (IsAbsent)
            throw new NoIntentLogException("Intent:Kind is None.");
        if (Unavailable is { } unknown)
            throw new IntentUnavailableException("2 of 3 voters cannot be reached.") { OutcomeUnknown = unknown };
    }
}
