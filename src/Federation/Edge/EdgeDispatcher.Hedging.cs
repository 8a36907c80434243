using Meridian.Federation.Routing;
using Meridian.Messages;

namespace Meridian.Federation.Edge;

internal sealed partial class EdgeDispatcher
{
    /// <summary>Time without an answer after which a request goes to a second region, too, ms; 0 for never. What has entered elsewhere is hedged there.</summary>
    private int HedgeAfterMs(InferRequest request) =>
        request.Hops > 0 ? 0 : RoutingDirector.Find(_directory.Current.Intent, request.Model)?.HedgeAfterMs ?? _options.HedgeAfterMs;

    /// <summary>
    /// The course with a hedge (J. Dean and L. A. Barroso, "The tail at scale", 2013): an attempt that has brought nothing for a time gets a second one beside it, in the best of the permitted regions
    /// that were not tried and have room. The first good answer wins and the other attempt is cancelled at once; a refusal waits for what the other says. One hedge a request; it counts as an
    /// attempt of the budget.
    /// </summary>
    /// <returns>The good answer, or null when the course has ended, refused.</returns>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    private async Task<Landing?> RaceAsync(Course course, bool stream, int hedgeAfterMs, CancellationToken caller)
    {
        Runner? first = null;
        Runner? second = null;
        Runner? hedge = null;
        var asked = false;
        var ended = false;
        try
        {
            while (true)
            {
                if (first is null)
                {
                    if (ended || !await course.NextAsync(caller).ConfigureAwait(false))
                    {
                        if (hedge is not null)
                            EdgeMetrics.Hedged("failed");
                        return null;
                    }

                    first = Start(course, stream, caller);
                }

                if (!asked && await IsSlowAsync(first.Task, hedgeAfterMs, caller).ConfigureAwait(false))
                {
                    asked = true;
                    if (course.TryHedge())
                        second = hedge = Start(course, stream, caller);
                    else
                        EdgeMetrics.Hedged("none");
                }

                if (second is not null)
                    await Task.WhenAny(first.Task, second.Task).ConfigureAwait(false);
                var done = second is { Task.IsCompleted: true } && !first.Task.IsCompleted ? second : first;
                var landing = await done.Task.ConfigureAwait(false);
                if (done == first)
                    (first, second) = (second, null);
                else
                    second = null;
                if (landing.Good)
                {
                    Landed(course, landing.Trial);
                    if (hedge is not null)
                        EdgeMetrics.Hedged(done == hedge ? "won" : "lost");
                    if (landing.Leg is { } leg)
                        leg.Owned = done;
                    else
                        done.Dispose();
                    return landing;
                }

                done.Dispose();
                ended |= course.Ends(landing.Trial, landing.Refusal, landing.Failure, landing.Fired, caller);
            }
        }
        finally
        {
            if (first is not null)
                AbandonAsync(first).Ignore();
            if (second is not null)
                AbandonAsync(second).Ignore();
        }
    }

    private Runner Start(Course course, bool stream, CancellationToken caller)
    {
        var trial = course.Trial;
        var cancellation = CancellationTokenSource.CreateLinkedTokenSource(caller);
        var sent = course.Message(stream ? trial.RemainingMs : trial.LimitMs);
        var task = stream ? BoardAsync(course, trial, sent, cancellation.Token) : AskAsync(trial, sent, cancellation.Token);
        return new Runner(task.AsTask(), cancellation);
    }

    /// <summary>Whether an attempt has not ended within a time.</summary>
    private async Task<bool> IsSlowAsync(Task<Landing> attempt, int milliseconds, CancellationToken caller)
    {
        if (attempt.IsCompleted)
            return false;
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(caller);
        await Task.WhenAny(attempt, Task.Delay(TimeSpan.FromMilliseconds(milliseconds), _time, answered.Token)).ConfigureAwait(false);
        await answered.CancelAsync().ConfigureAwait(false);
        caller.ThrowIfCancellationRequested();
        return !attempt.IsCompleted;
    }

    /// <summary>Cancels an attempt that is not needed any more; what it opens nevertheless is given back.</summary>
    private static async Task AbandonAsync(Runner runner)
    {
        await runner.CancelAsync().ConfigureAwait(false);
        var landing = await runner.Task.ConfigureAwait(false);
        runner.Dispose();
        if (landing.Leg is { } leg)
            await leg.EndAsync().ConfigureAwait(false);
    }

    /// <summary>An attempt under way that can be cancelled by itself.</summary>
    private sealed class Runner(Task<Landing> task, CancellationTokenSource cancellation) : IDisposable
    {
        public Task<Landing> Task => task;

        public Task CancelAsync() => cancellation.CancelAsync();

        public void Dispose() => cancellation.Dispose();
    }
}
