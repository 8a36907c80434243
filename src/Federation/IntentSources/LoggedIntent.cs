using Meridian.Federation.Regions;
using Meridian.Intents;
using Meridian.Intents.Supervision;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Meridian.Federation.IntentSources;

/// <summary>
/// The intent from the replicated log, in the process that keeps the region's copy of the log. Before the log has its first change (the installation starts
/// for the first time, or the region is not admitted yet), the intent is the configured one. Reading never waits: a region that is cut off goes on with its
/// last copy.
/// </summary>
internal sealed partial class LoggedIntent(IIntentLog log, ConfiguredIntent configured, LoopSupervisor supervisor, ILogger<LoggedIntent> logger) : IIntentSource, IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Latest<Intent> _latest = new(configured.Current);
    private long _revision;
    private Task _following = Task.CompletedTask;

    public Intent Current => _latest.Current;

    public Task<Intent> WaitForChangeAsync(long knownEpoch, CancellationToken cancellationToken) => _latest.WaitAsync(intent => intent.Epoch > knownEpoch, cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _following = supervisor.RunAsync("intent out of the log", FollowAsync, _stop.Token);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _following.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stop.Cancel();

    private async Task FollowAsync(CancellationToken stop)
    {
        var replica = log.Current;
        while (true)
        {
            Take(replica);
            replica = await log.WaitForChangeAsync(replica.AppliedIndex, stop).ConfigureAwait(false);
        }
    }

    private void Take(IntentReplica replica)
    {
        // The index also advances without changes, because terms and members are entries of the log, too.
        if (replica.Revision == _revision)
            return;
        var intent = IntentProjection.Project(replica, out var unreadable);
        foreach (var key in unreadable)
            LogUnreadable(key);
        _latest.Publish(intent);

        // Set last: if anything above fails, the revision is tried again.
        _revision = replica.Revision;
    }
}
