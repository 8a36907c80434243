using Meridian.Federation.Configuration;
using Meridian.Intents;
using Meridian.Intents.Options;
using Meridian.Intents.State;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.IntentSources;

/// <summary>
/// The log of an installation without a log: one member in memory, with the records of this process's configuration. It is read like any other log and takes no changes,
/// because the next start, and every other process, would not know of them.
/// </summary>
internal sealed class ConfiguredIntentLog : IIntentLog
{
    private const string Problem = "Intent:Kind is None: this installation has no intent log, and each process works by its own settings. Change the settings and restart, or set Intent:Kind to Raft.";

    public ConfiguredIntentLog(IOptions<FederationOptions> federation, IOptions<IntentLogOptions> options)
    {
        var self = federation.Value.Region ?? federation.Value.Edge;
        var state = new IntentStateMachine();
        var index = 0L;
        foreach (var writes in Reconciliation.Plan(IntentReplica.Empty, self, ConfiguredRecords.From(federation.Value, options.Value), 0).Chunk(IntentRules.MaxWrites))
            state.Apply(++index, new IntentChange { Operation = new Guid((int)index, 0, 0, new byte[8]), Writes = writes, Author = "settings", Pending = true });
        Current = state.Replica;
    }

    public IntentReplica Current { get; }

    public IntentLogStatus Status => new() { Role = IntentLogRole.None, CanChange = false, AppliedIndex = Current.AppliedIndex, CommittedIndex = Current.AppliedIndex, Voters = [], Problem = Problem };

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<IntentReplica> WaitForChangeAsync(long knownIndex, CancellationToken cancellationToken)
    {
        if (Current.AppliedIndex <= knownIndex)
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        return Current;
    }

    public Task<IntentReplica> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(Current);

    public Task<IntentOutcome> ChangeAsync(IntentChange change, CancellationToken cancellationToken) => Task.FromException<IntentOutcome>(new NoIntentLogException(Problem));

    public Task AddVoterAsync(IntentVoter voter, CancellationToken cancellationToken) => Task.FromException(new NoIntentLogException(Problem));

    public Task<bool> RemoveVoterAsync(string name, CancellationToken cancellationToken) => Task.FromException<bool>(new NoIntentLogException(Problem));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
