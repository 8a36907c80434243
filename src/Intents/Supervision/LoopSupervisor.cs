using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Meridian.Intents.Supervision;

/// <summary>
/// Runs the background loops of a process. Without it, nobody would notice a loop that ends with an exception, and the data that the loop keeps up to date
/// would stay stale for ever. The supervisor counts each failure (<see cref="LoopMetrics"/>), logs it, shows it (<see cref="Loops"/>,
/// <c>/admin/api/regions</c>), and starts the loop again after a pause.
/// </summary>
public sealed partial class LoopSupervisor(TimeProvider time, ILogger<LoopSupervisor> logger)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, SupervisedLoop> _loops = new(StringComparer.Ordinal);

    /// <value>The loops of this process, by name.</value>
    public IReadOnlyList<LoopStatus> Loops => [.. _loops.Values.Select(loop => loop.Status).OrderBy(loop => loop.Name, StringComparer.Ordinal)];

    internal TimeProvider Time => time;

    /// <summary>
    /// Registers a loop that catches its own failures, for example a loop with a thread of its own. Loops with the same name share one record.
    /// </summary>
    public SupervisedLoop Enter(string name, TimeSpan? longestPause = null) => _loops.GetOrAdd(name, added => new SupervisedLoop(this, added, longestPause ?? LongestPause));

    /// <summary>
    /// Runs the loop until it returns or <paramref name="stop"/> fires, and starts it again when it fails. Never throws because of a failure of the loop.
    /// </summary>
    /// <param name="name">The loop's task, in words.</param>
    /// <param name="loop">The loop. Its part before the first await runs on the caller's thread.</param>
    /// <param name="stop">Ends the loop.</param>
    /// <param name="longestPause">Longest pause before a restart; 30 s if null.</param>
    public async Task RunAsync(string name, Func<CancellationToken, Task> loop, CancellationToken stop, TimeSpan? longestPause = null)
    {
        ArgumentNullException.ThrowIfNull(loop);
        var entered = Enter(name, longestPause);
        while (!stop.IsCancellationRequested)
        {
            TimeSpan pause;
            try
            {
                await loop(stop).ConfigureAwait(false);
                return;
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                pause = entered.Failed(exception);
            }

            await Task.Delay(pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    internal void Tell(string loop, Exception exception, bool known, long failures, TimeSpan pause)
    {
        if (known)
            LogFailedAgain(loop, failures, exception.Message, pause.TotalSeconds);
        else
            LogFailed(loop, pause.TotalSeconds, exception);
    }
}
