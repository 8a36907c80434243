namespace Meridian.Federation.Edge;

/// <summary>Asks a second region when the first one is slow.</summary>
internal sealed class HedgedAttempts(EdgeContext edge, AttemptRunner runner)
{
    /// <summary>
    /// The attempts of a request with a hedge (J. Dean and L. A. Barroso, "The tail at scale", 2013). If an attempt has brought no answer after
    /// <paramref name="hedgeAfterMs"/>, a second attempt begins beside it, in the best permitted region that was not tried and is ready. The first good
    /// answer wins, and the other attempt is cancelled at once. If one attempt ends with a refusal, the other one is awaited. A request has at most one
    /// hedge; the hedge counts as an attempt of the budget.
    /// </summary>
    /// <returns>The good answer, or null if the request has ended with a refusal.</returns>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async Task<AttemptEnd?> RaceAsync(RequestAttempts attempts, bool stream, int hedgeAfterMs, CancellationToken caller)
    {
        RunningAttempt? first = null;
        RunningAttempt? second = null;
        RunningAttempt? hedge = null;
        var asked = false;
        var ended = false;
        try
        {
            while (true)
            {
                if (first is null)
                {
                    if (ended || !await attempts.NextAsync(caller).ConfigureAwait(false))
                    {
                        if (hedge is not null)
                            EdgeMetrics.Hedged("failed");
                        return null;
                    }

                    first = Start(attempts, stream, caller);
                }

                if (!asked && await IsSlowAsync(first.Task, hedgeAfterMs, caller).ConfigureAwait(false))
                {
                    asked = true;
                    if (attempts.TryHedge())
                        second = hedge = Start(attempts, stream, caller);
                    else
                        EdgeMetrics.Hedged("none");
                }

                if (second is not null)
                    await Task.WhenAny(first.Task, second.Task).ConfigureAwait(false);
                var done = second is { Task.IsCompleted: true } && !first.Task.IsCompleted ? second : first;
                var end = await done.Task.ConfigureAwait(false);
                if (done == first)
                    (first, second) = (second, null);
                else
                    second = null;
                if (end.Good)
                {
                    edge.Answered(attempts, end.Attempt);
                    if (hedge is not null)
                        EdgeMetrics.Hedged(done == hedge ? "won" : "lost");
                    if (end.ServedStream is { } served)
                        served.Owned = done;
                    else
                        done.Dispose();
                    return end;
                }

                done.Dispose();
                ended |= attempts.Ends(end.Attempt, end.Refusal, end.Failure, end.Fired, caller);
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

    private RunningAttempt Start(RequestAttempts attempts, bool stream, CancellationToken caller)
    {
        var attempt = attempts.Current;
        var cancellation = CancellationTokenSource.CreateLinkedTokenSource(caller);
        var sent = attempts.Message(stream ? attempt.RemainingMs : attempt.LimitMs);
        var task = stream ? runner.OpenAsync(attempts, attempt, sent, cancellation.Token) : runner.AskAsync(attempt, sent, cancellation.Token);
        return new RunningAttempt(task.AsTask(), cancellation);
    }

    /// <summary>Waits up to the given time for the attempt. True if it has not ended by then.</summary>
    private async Task<bool> IsSlowAsync(Task<AttemptEnd> attempt, int milliseconds, CancellationToken caller)
    {
        if (attempt.IsCompleted)
            return false;
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(caller);
        await Task.WhenAny(attempt, Task.Delay(TimeSpan.FromMilliseconds(milliseconds), edge.Time, answered.Token)).ConfigureAwait(false);
        await answered.CancelAsync().ConfigureAwait(false);
        caller.ThrowIfCancellationRequested();
        return !attempt.IsCompleted;
    }

    /// <summary>Cancels an attempt that is not needed any more. If it opens a stream nevertheless, the stream is released.</summary>
    private static async Task AbandonAsync(RunningAttempt running)
    {
        await running.CancelAsync().ConfigureAwait(false);
        var end = await running.Task.ConfigureAwait(false);
        running.Dispose();
        if (end.ServedStream is { } served)
            await served.EndAsync().ConfigureAwait(false);
    }

    /// <summary>An attempt under way that can be cancelled by itself.</summary>
    private sealed class RunningAttempt(Task<AttemptEnd> task, CancellationTokenSource cancellation) : IDisposable
    {
        public Task<AttemptEnd> Task => task;

        public Task CancelAsync() => cancellation.CancelAsync();

        public void Dispose() => cancellation.Dispose();
    }
}
