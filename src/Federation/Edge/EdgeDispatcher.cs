using Meridian.Federation.Configuration;
using Meridian.Federation.Regions;
using Meridian.Messages;
using Meridian.Routing.Decision;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Edge;

/// <summary>
/// The entry edge: one budget of attempts and one deadline for a request, whatever happens to regions meanwhile.
/// <para>
/// Each attempt is decided on the snapshot of that moment, among regions not tried yet, and is cancelled by the caller, by the deadline or by the region's
/// <see cref="RegionView.Lost"/> token. How an attempt ends decides what follows:
/// </para>
/// <list type="bullet">
/// <item>a result, or a refusal that any region would give (input, model, deadline, a fault): the answer.</item>
/// <item>no capacity or no replica there: the next region; when all have refused, <c>no_capacity</c> with the soonest retry-after, else <c>not_ready</c>.</item>
/// <item>lost (token fired, connection refused or broken, region stopping): reported to liveness, then the next region. The request is idempotent by id.</item>
/// <item>nothing left to try and nobody had refused: wait, within <see cref="FederationOptions.WaitForRegion"/> and the deadline, for a later snapshot that offers a region
/// (one that was tried may be offered again: it may have restarted). Then, as the panic rule, one untried region that liveness calls dead. Then <c>region_lost</c>.</item>
/// <item>the caller goes: <see cref="OperationCanceledException"/>, and the region's work is cancelled.</item>
/// </list>
/// Only here is anything retried: what is sent on carries one hop more, and a request that has hopped before gets a single attempt.
/// <para>
/// A stream is opened by the same attempts. Its first frame is the answer; where its region is lost after it, the stream goes on in another one, see <see cref="FailoverStream"/>.
/// </para>
/// <para>
/// An answer that its caller takes whole may be hedged where its model is set so: see <see cref="HedgedAttempts"/>.
/// </para>
/// </summary>
internal sealed class EdgeDispatcher : IEdge
{
    private readonly EdgeContext _edge;
    private readonly AttemptRunner _runner;
    private readonly HedgedAttempts _hedge;

    public EdgeDispatcher(
        IOptions<FederationOptions> options,
        IDirectoryFeed directory,
        IRegionTransport transport,
        IFailureReports reports,
        RoutingDirector director,
        InFlightLedger inFlight,
        Random random,
        TimeProvider time,
        ILogger<EdgeDispatcher> logger,
        IAttemptReports attempts,
        ILocalRegion? local = null)
    {
        _edge = new EdgeContext(logger)
        {
            Options = options.Value,
            Directory = directory,
            Transport = transport,
            Reports = reports,
            Director = director,
            InFlight = inFlight,
            Random = random,
            Time = time,
            Breakers = attempts,
            Local = local,
            Sources = new AttemptSources(time),
        };
        _runner = new AttemptRunner(_edge);
        _hedge = new HedgedAttempts(_edge, _runner);
    }

    public async Task<EdgeAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        var attempts = new RequestAttempts(_edge, request);
        var hedgeAfterMs = HedgeAfterMs(request);
        if (hedgeAfterMs > 0)
        {
            return await _hedge.RaceAsync(attempts, stream: false, hedgeAfterMs, cancellationToken).ConfigureAwait(false) is { } won
                ? new EdgeAnswer(won.Reply!, won.Attempt.Region.Name, attempts.Attempts)
                : Refused();
        }

        while (await attempts.NextAsync(cancellationToken).ConfigureAwait(false))
        {
            var end = await _runner.AskAsync(attempts.Current, attempts.Message(attempts.Current.LimitMs), cancellationToken).ConfigureAwait(false);
            if (end.Reply is { Result: not null } reply)
            {
                _edge.Answered(attempts, end.Attempt);
                return new EdgeAnswer(reply, end.Attempt.Region.Name, attempts.Attempts);
            }

            if (attempts.Ends(end.Attempt, end.Refusal, end.Failure, end.Fired, cancellationToken))
                break;
        }

        return Refused();

        EdgeAnswer Refused() => new(new InferReply { Refusal = attempts.Refusal }, attempts.Answerer, attempts.Attempts);
    }

    public Task<EdgeOpening> OpenAsync(InferRequest request, CancellationToken cancellationToken) => OpenAsync(request, whole: false, cancellationToken);

    public async Task<EdgeOpening> OpenAsync(InferRequest request, bool whole, CancellationToken cancellationToken)
    {
        var attempts = new RequestAttempts(_edge, request);
        var hedgeAfterMs = whole ? HedgeAfterMs(request) : 0;
        var served = hedgeAfterMs > 0
            ? (await _hedge.RaceAsync(attempts, stream: true, hedgeAfterMs, cancellationToken).ConfigureAwait(false))?.ServedStream
            : await _runner.OpenNextAsync(attempts, cancellationToken).ConfigureAwait(false);
        if (served is null)
            return new EdgeOpening(null, attempts.Refusal, attempts.Answerer, attempts.Attempts);
        if (hedgeAfterMs == 0)
            attempts.Recovered(served.Attempt);
        return new EdgeOpening(new FailoverStream(_edge, _runner, attempts, request, served, cancellationToken), null, served.Attempt.Region.Name, attempts.Attempts);
    }

    /// <summary>Time without an answer after which a request goes to a second region, too, ms; 0 for never. What has entered elsewhere is hedged there.</summary>
    private int HedgeAfterMs(InferRequest request) =>
        request.Hops > 0 ? 0 : RoutingDirector.Find(_edge.Directory.Current.Intent, request.Model)?.HedgeAfterMs ?? _edge.Options.HedgeAfterMs;
}
