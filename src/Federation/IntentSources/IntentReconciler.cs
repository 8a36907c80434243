using Meridian.Federation.Configuration;
using Meridian.Intents;
using Meridian.Intents.Options;
using Meridian.Intents.Supervision;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.IntentSources;

/// <summary>
/// Tells the log, once it can be changed, what this region's configuration has to say (<see cref="Reconciliation"/>). Serving does not wait for it. All writes are compare-and-set:
/// regions that start together and say the same disturb one another only in so far as they look again.
/// </summary>
internal sealed partial class IntentReconciler(
    IIntentLog log,
    IOptions<FederationOptions> federation,
    IOptions<IntentLogOptions> options,
    IHostApplicationLifetime lifetime,
    LoopSupervisor supervisor,
    TimeProvider time,
    ILogger<IntentReconciler> logger) : BackgroundService
{
    private const int WritesAtOnce = 64;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    // A leader that refuses the configuration (it may be of a build with other rules) must not stop this process, as a background service that fails would: it is told and tried again.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => supervisor.RunAsync("configuration into the log", TellAsync, stoppingToken);

    private async Task TellAsync(CancellationToken stop)
    {
        var configured = ConfiguredRecords.From(federation.Value, options.Value);
        var pause = FirstPause;

        // Services start together: the log may not have begun yet.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var _ = lifetime.ApplicationStarted.UnsafeRegister(static started => ((TaskCompletionSource)started!).TrySetResult(), started);
        await started.Task.WaitAsync(stop).ConfigureAwait(false);
        while (true)
        {
            try
            {
                if (!await ReconcileAsync(configured, stop).ConfigureAwait(false))
                    return;
                pause = FirstPause;
            }
            catch (IntentLogException exception)
            {
                LogWaiting(exception.Message);
                await Task.Delay(pause, time, stop).ConfigureAwait(false);
                pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
            }
        }
    }

    /// <summary>One look and, where something is missing, one change; false when nothing was.</summary>
    private async Task<bool> ReconcileAsync(ConfiguredRecords configured, CancellationToken cancellationToken)
    {
        var replica = await log.ReadAsync(cancellationToken).ConfigureAwait(false);
        var self = options.Value.Self;
        var writes = Reconciliation.Plan(replica, self, configured, options.Value.Reconcile, time.GetUtcNow().ToUnixTimeMilliseconds());
        if (writes.Count == 0)
        {
            if (replica.EpochOf(new IntentKey(IntentKinds.Removed, self)) > 0)
                LogRemoved(self);
            return false;
        }

        IntentWrite[] some = [.. writes.Take(WritesAtOnce)];
        var outcome = await log.ChangeAsync(
            new IntentChange
            {
                Operation = Guid.NewGuid(),
                Conditions = Array.ConvertAll(some, write => new IntentCondition(write.Key, replica.EpochOf(write.Key))),
                Writes = some,
                Author = $"configuration of {self}",

                // Configuration may deploy to a region that operators have removed, or that joins later.
                Pending = true,
                ProposedUnixMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            },
            cancellationToken).ConfigureAwait(false);
        if (outcome.Made)
            LogTold(some.Length, outcome.Revision);
        return true;
    }
}
