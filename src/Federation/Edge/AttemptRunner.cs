using System.Runtime.CompilerServices;
using Meridian.Federation.Regions;
using Meridian.Messages;
using Meridian.Routing.Attempts;

namespace Meridian.Federation.Edge;

/// <summary>
/// Makes attempts: asks a region or opens a stream there, and reports how the attempt ended. <see cref="RequestAttempts"/> decides what follows.
/// </summary>
internal sealed class AttemptRunner(EdgeContext edge)
{
    /// <summary>Opens a stream in the next region that can serve it. Null if the request has ended with a refusal.</summary>
    public async ValueTask<ServedStream?> OpenNextAsync(RequestAttempts attempts, CancellationToken caller)
    {
        while (await attempts.NextAsync(caller).ConfigureAwait(false))
        {
            // The region may use all the time that is left. The attempt's limit only bounds the time until its first frame.
            var end = await OpenAsync(attempts, attempts.Current, attempts.Message(attempts.Current.RemainingMs), caller).ConfigureAwait(false);
            if (end.ServedStream is { } served)
            {
                edge.Count(served.Attempt, AttemptOutcome.Answered);
                return served;
            }

            if (attempts.Ends(end.Attempt, end.Refusal, end.Failure, end.Fired, caller))
                break;
        }

        return null;
    }

    /// <summary>One attempt to get an answer. Never throws.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<AttemptEnd> AskAsync(Attempt attempt, InferRequest sent, CancellationToken caller)
    {
        InferReply? reply = null;
        Exception? failure = null;
        var entry = edge.InFlight.Enter(attempt.Region.Name, sent.Model);
        var limits = edge.Sources.Begin(attempt.LimitMs, caller, attempt.Lost);
        try
        {
            var asking = attempt.Local ? edge.Local!.InferAsync(sent, limits.Token) : edge.Transport.InferAsync(attempt.Region, sent, limits.Token);
            reply = await asking.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        var fired = limits.Token.IsCancellationRequested;
        limits.Dispose();
        entry.Dispose();
        return new AttemptEnd(attempt, reply, null, reply?.Refusal, failure, fired);
    }

    /// <summary>One attempt to open a stream. Never throws.</summary>
    public async ValueTask<AttemptEnd> OpenAsync(RequestAttempts attempts, Attempt attempt, InferRequest sent, CancellationToken caller)
    {
        StreamOpening opening = default;
        Exception? failure = null;
        var entry = edge.InFlight.Enter(attempt.Region.Name, sent.Model);
        var limits = edge.Sources.Begin(attempt.LimitMs, caller, attempt.Lost);
        try
        {
            var asking = attempt.Local ? edge.Local!.OpenAsync(sent, limits.Token) : edge.Transport.OpenAsync(attempt.Region, sent, limits.Token);
            opening = await asking.ConfigureAwait(false);
            if (opening.Stream is not null && attempt.LimitMs < attempt.RemainingMs)
                limits.Limit(attempts.LeftMs);
            if (opening.Stream is { } stillborn && limits.Token.IsCancellationRequested)
            {
                // The region was lost, or the time was over, while its answer was on the way. The stream is already cancelled and none of it has been read,
                // so it is dropped.
                opening = default;
                await stillborn.DisposeAsync().ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        if (opening.Stream is { } stream)
            return new AttemptEnd(attempt, null, new ServedStream(stream, attempt, limits, entry), null, null, Fired: false);

        var fired = limits.Token.IsCancellationRequested;
        limits.Dispose();
        entry.Dispose();
        return new AttemptEnd(attempt, null, null, opening.Refusal, failure, fired);
    }
}
