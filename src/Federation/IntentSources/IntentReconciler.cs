using Meridian.Intents;
using Meridian.Intents.Options;
using Meridian.Intents.Supervision;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.IntentSources;

/// <summary>
/// Writes to the log, once it accepts changes, the part of this region's configuration that the log lacks (<see cref="Reconciliation"/>). Serving does not
/// wait for this. All writes are compare-and-set: if regions start together with the same configuration, the loser of a race only reads the log again.
/// </summary>
internal sealed partial class IntentReconciler(
    IIntentLog log,
    ConfiguredState state,
    IOptions<IntentLogOptions> options,
    IHostApplicationLifetime lifetime,
    LoopSupervisor supervisor,
    TimeProvider time,
    ILogger<IntentReconciler> logger) : BackgroundService
{
    private const int WritesAtOnce = 64;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    // A leader may refuse the configuration, for example if its build has other rules. A background service that fails would stop this process, so the error
    // is logged and the write is retried.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => supervisor.RunAsync("configuration into the log", TellAsync, stoppingToken);

    private async Task TellAsync(CancellationToken stop)
    {
        var configured = state.Records;
        var pause = FirstPause;

        // All services start together, so the log may not have started yet.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var _ = lifetime.ApplicationStarted.UnsafeRegister(static started => ((TaskCompletionSource)started!).TrySetResult(), started);
        await started.Task.WaitAsync(stop).ConfigureAwait(false);
        while (true)
        {
            try
            {
                if (!await ReconcileAsync(configured, stop).ConfigureAwait(false))
                {
                    if (state.Drift() is { Count: > 0 } drift)
                        LogDrift(drift.Count, string.Join("; ", drift));
                    return;
                }

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

    /// <summary>Reads the log once and, if something is missing, makes one change. False if nothing was missing.</summary>
    private async Task<bool> ReconcileAsync(ConfiguredRecords configured, CancellationToken cancellationToken)
    {
        var replica = await log.ReadAsync(cancellationToken).ConfigureAwait(false);
        var self = options.Value.Self;
        var writes = Reconciliation.Plan(replica, self, configured, time.GetUtcNow().ToUnixTimeMilliseconds());
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

                // The configuration may deploy to a region that operators have removed or that joins later.
                Pending = true,
                ProposedUnixMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            },
            cancellationToken).ConfigureAwait(false);
        if (outcome.Made)
            LogTold(some.Length, outcome.Revision);
        return true;
    }
}
