using Meridian.Federation.Configuration;
using Meridian.Federation.IntentSources;
using Meridian.Intents;
using Meridian.Intents.Options;
using Meridian.Intents.State;
using Meridian.Intents.Supervision;
using Meridian.Specs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Federation.Tests.Supervision;

/// <summary>The loops that carry intent go on after a fault that nobody foresaw.</summary>
public sealed class IntentLoopsTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly LoopSupervisor _supervisor;
    private readonly FaultyLog _log = new();

    public IntentLoopsTests() => _supervisor = new LoopSupervisor(_time, NullLogger<LoopSupervisor>.Instance);

    public ValueTask DisposeAsync() => _log.DisposeAsync();

    [Fact]
    public async Task A_region_takes_intent_again_after_its_loop_failed()
    {
        var options = Options.Create(new FederationOptions());
        using var intent = new LoggedIntent(_log, new ConfiguredIntent(options), _supervisor, NullLogger<LoggedIntent>.Instance);
        _log.WaitFault = new InvalidOperationException("a fault");
        await intent.StartAsync(CancellationToken.None);
        await HoldsAsync(() => _supervisor.Loops.Any(loop => loop is { Failures: 1, Problem: "a fault" }));

        _log.WaitFault = null;
        _log.Make(new IntentKey(IntentKinds.Model, "minilm"), IntentRecords.Bytes(new ModelSpec { Kind = "embedding", OwnedBy = "x" }));

        await PassesAsync(() => intent.Current.Models.Any(model => model.Name == "minilm"));
        await intent.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_leader_that_refuses_the_configuration_stops_no_region()
    {
        var federation = new FederationOptions();
        federation.Regions.Add(new RegionMemberOptions { Name = "eu", Jurisdiction = "eu", Protocol = "http://127.0.0.1:1" });
        using var lifetime = new StartedLifetime();
        var options = Options.Create(new IntentLogOptions { Self = "eu" });
        using var reconciler = new IntentReconciler(
            _log, new ConfiguredState(_log, Options.Create(federation), options), options, lifetime, _supervisor, _time, NullLogger<IntentReconciler>.Instance);
        _log.ChangeFault = new ArgumentException("refused by a newer build");

        await reconciler.StartAsync(CancellationToken.None);
        await HoldsAsync(() => _supervisor.Loops.Any(loop => loop is { Failures: 1, Problem: "refused by a newer build" }));
        Assert.False(reconciler.ExecuteTask!.IsCompleted);
        _log.ChangeFault = null;

        await PassesAsync(() => _log.Current.Records.ContainsKey(new IntentKey(IntentKinds.Member, "eu")));
        await reconciler.ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(60));
    }

    // Time passes until it holds: the loop may set its timer only after the test has looked.
    private Task PassesAsync(Func<bool> holds) => HoldsAsync(() =>
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        return holds();
    });

    private static async Task HoldsAsync(Func<bool> holds)
    {
        for (var i = 0; i < 6000 && !holds(); i++)
            await Task.Delay(10);
        Assert.True(holds());
    }

    private sealed class StartedLifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _stopped = new();

        public CancellationToken ApplicationStarted => new(canceled: true);

        public CancellationToken ApplicationStopping => _stopped.Token;

        public CancellationToken ApplicationStopped => _stopped.Token;

        public void StopApplication() => _stopped.Cancel();

        public void Dispose() => _stopped.Dispose();
    }

    /// <summary>A log in memory over the real state machine, with faults.</summary>
    private sealed class FaultyLog : IIntentLog
    {
        private readonly IntentStateMachine _state = new();
        private readonly Latest<IntentReplica> _latest = new(IntentReplica.Empty);

        public Exception? WaitFault { get; set; }

        public Exception? ChangeFault { get; set; }

        public IntentReplica Current => _latest.Current;

        public IntentLogStatus Status => throw new NotSupportedException();

        public void Make(IntentKey key, byte[] value)
        {
            _state.Apply(_state.AppliedIndex + 1, new IntentChange { Operation = Guid.NewGuid(), Writes = [new IntentWrite(key, value)] });
            _latest.Publish(_state.Replica);
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<IntentReplica> WaitForChangeAsync(long knownIndex, CancellationToken cancellationToken) =>
            WaitFault is { } fault ? Task.FromException<IntentReplica>(fault) : _latest.WaitAsync(replica => replica.AppliedIndex > knownIndex, cancellationToken);

        public Task<IntentReplica> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(Current);

        public Task<IntentOutcome> ChangeAsync(IntentChange change, CancellationToken cancellationToken)
        {
            if (ChangeFault is { } fault)
                return Task.FromException<IntentOutcome>(fault);
            var outcome = _state.Apply(_state.AppliedIndex + 1, change);
            _latest.Publish(_state.Replica);
            return Task.FromResult(outcome);
        }

        public Task AddVoterAsync(IntentVoter voter, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> RemoveVoterAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => default;
    }
}
