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
/// The edge where requests enter. Regions may fail while a request runs; the request still has one budget of attempts and one deadline.
/// <para>
/// The region of each attempt is chosen on the snapshot of that moment, among regions that were not tried yet. The attempt is cancelled when the caller goes,
/// at the deadline, and when the region's <see cref="RegionView.Lost"/> token fires. The end of an attempt decides what follows:
/// </para>
/// <list type="bullet">
/// <item>A result, or a refusal that every region would give (input, model, deadline, a fault): this is the answer.</item>
/// <item>The region has no capacity or no replica: the next region is tried. If all have refused, the answer is <c>no_capacity</c> with the shortest
/// retry-after, otherwise <c>not_ready</c>.</item>
/// <item>The edge chose the version of the request, and no region can serve it: the request goes on without a version, in all regions.</item>
/// <item>One replica of the region is lost or full: the region is asked again without it. After a second such replica the next region is tried. A region
/// with further replicas is still better than none.</item>
/// <item>The region is lost (its token fired, the connection was refused or broke, the region stops): liveness is told, if the transport failed, and the next
/// region is tried. A retry is safe, because the request is idempotent by its id.</item>
/// <item>No region is left to try and none has refused: the request waits for a later snapshot that offers a region, for at most
/// <see cref="FederationOptions.WaitForRegion"/> and within the deadline. A region that was tried may be offered again, because it may have restarted. After
/// that comes the last resort (the panic rule): untried regions that drain or that liveness does not hear. Then the answer is <c>region_lost</c>.</item>
/// <item>No region has the model ready and one loads it: the request waits for it, for at most <see cref="FederationOptions.WaitForModel"/> and within the deadline.</item>
/// <item>The caller goes: <see cref="OperationCanceledException"/>, and the region's work is cancelled.</item>
/// </list>
/// Only the edge where a request entered retries it. Each message to a region carries one hop more, and an edge that receives a request with a hop makes a
/// single attempt.
/// <para>
/// A stream is opened with the same attempts. Its first frame is the answer. If its region is lost after that, the stream goes on in another region, see
/// <see cref="FailoverStream"/>.
/// </para>
/// <para>
/// An answer that the caller gets as a whole may be hedged, if its model is configured so: see <see cref="HedgedAttempts"/>.
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
        var sources = new AttemptSources(time);
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
            Sources = sources,
            ModelWaits = new ModelWaits(directory, sources, (int)options.Value.WaitForModel.TotalMilliseconds, options.Value.MaxWaitingForModels),
        };
        _runner = new AttemptRunner(_edge);
        _hedge = new HedgedAttempts(_edge, _runner);
    }

    public async Task<EdgeAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        if (Missing(ref request, out var unpinned) is { } missing)
            return new EdgeAnswer(new InferReply { Refusal = missing }, null, 0);
        var attempts = new RequestAttempts(_edge, request, unpinned);
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
        if (Missing(ref request, out var unpinned) is { } missing)
            return new EdgeOpening(null, missing, null, 0);
        var attempts = new RequestAttempts(_edge, request, unpinned);
        var hedgeAfterMs = whole ? HedgeAfterMs(request) : 0;
        var served = hedgeAfterMs > 0
            ? (await _hedge.RaceAsync(attempts, stream: true, hedgeAfterMs, cancellationToken).ConfigureAwait(false))?.ServedStream
            : await _runner.OpenNextAsync(attempts, cancellationToken).ConfigureAwait(false);
        if (served is null)
            return new EdgeOpening(null, attempts.Refusal, attempts.Answerer, attempts.Attempts);
        if (hedgeAfterMs == 0)
            attempts.Recovered(served.Attempt);
        var stream = new FailoverStream(_edge, _runner, attempts, request, served, cancellationToken);
        return new EdgeOpening(stream, null, served.Attempt.Region.Name, attempts.Attempts);
    }

    /// <summary>Pins the request to a version of its model. Returns the refusal for a version that the model does not have, or null.</summary>
    /// <param name="request">The request as it came; afterwards the request to send.</param>
    /// <param name="unpinned">The request as it came if it was pinned, otherwise null.</param>
    private Refusal? Missing(ref InferRequest request, out InferRequest? unpinned)
    {
        unpinned = null;
        var snapshot = _edge.Directory.Current;
        if (RoutingDirector.VersionsIfMissing(snapshot, request) is { } versions)
            return EdgeRefusals.VersionNotFound(request, versions);
        var pinned = RoutingDirector.Pin(snapshot, request, _edge.Boundary(snapshot, request));
        if (!ReferenceEquals(pinned, request))
            unpinned = request;
        request = pinned;
        return null;
    }

    /// <summary>
    /// Time without an answer after which a request also goes to a second region, ms; 0 for never. A request that entered at another edge is hedged there,
    /// not here.
    /// </summary>
    private int HedgeAfterMs(InferRequest request) =>
        request.Hops > 0 ? 0 : RoutingDirector.Find(_edge.Directory.Current.Intent, request.Model)?.HedgeAfterMs ?? _edge.Options.HedgeAfterMs;
}
