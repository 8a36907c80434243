using Meridian.Federation.Configuration;
using Meridian.Federation.Directory;
using Meridian.Federation.Liveness;
using Meridian.Federation.Protocol;
using Meridian.Federation.Routing;
using Meridian.Messages;
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
/// A stream is opened by the same attempts. Its first frame is the answer; from then on nothing is retried, and what ends the stream early is told by its read, see <see cref="EdgeStream"/>.
/// </para>
/// </summary>
internal sealed partial class EdgeDispatcher : IEdge
{
    private readonly FederationOptions _options;
    private readonly IDirectoryFeed _directory;
    private readonly IRegionTransport _transport;
    private readonly IFailureReports _reports;
    private readonly RoutingDirector _director;
    private readonly InFlightLedger _inFlight;
    private readonly Random _random;
    private readonly TimeProvider _time;
    private readonly ILogger<EdgeDispatcher> _logger;
    private readonly ILocalRegion? _local;
    private readonly AttemptSources _sources;
    private readonly int _longestMs;
    private readonly int _waitMs;

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
        ILocalRegion? local = null)
    {
        _options = options.Value;
        _directory = directory;
        _transport = transport;
        _reports = reports;
        _director = director;
        _inFlight = inFlight;
        _random = random;
        _time = time;
        _logger = logger;
        _local = local;
        _sources = new AttemptSources(time);
        _longestMs = (int)_options.Deadline.TotalMilliseconds;
        _waitMs = (int)Math.Min(_options.WaitForRegion.TotalMilliseconds, _longestMs);
    }

    public async Task<EdgeAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        var course = new Course(this, request);
        while (await course.NextAsync(cancellationToken).ConfigureAwait(false))
        {
            var sent = course.Message(course.LimitMs);
            InferReply? reply = null;
            Exception? failure = null;
            bool fired;
            var entry = _inFlight.Enter(course.Region.Name);
            var attempt = _sources.Begin(course.LimitMs, cancellationToken, course.Lost);
            try
            {
                reply = await (course.Local ? _local!.InferAsync(sent, attempt.Token) : _transport.InferAsync(course.Region, sent, attempt.Token)).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
            finally
            {
                fired = attempt.Token.IsCancellationRequested;
                attempt.Dispose();
                entry.Dispose();
            }

            if (reply is { Result: not null })
                return new EdgeAnswer(reply, course.Region.Name, course.Attempts);
            if (course.Ends(reply?.Refusal, failure, fired, cancellationToken))
                break;
        }

        return new EdgeAnswer(new InferReply { Refusal = course.Refusal }, course.Answerer, course.Attempts);
    }

    public async Task<EdgeOpening> OpenAsync(InferRequest request, CancellationToken cancellationToken)
    {
        var course = new Course(this, request);
        while (await course.NextAsync(cancellationToken).ConfigureAwait(false))
        {
            // The region has the whole time that is left; the limit of an attempt is one for its first frame.
            var sent = course.Message(course.RemainingMs);
            StreamOpening opening = default;
            Exception? failure = null;
            var entry = _inFlight.Enter(course.Region.Name);
            var attempt = _sources.Begin(course.LimitMs, cancellationToken, course.Lost);
            try
            {
                opening = await (course.Local ? _local!.OpenAsync(sent, attempt.Token) : _transport.OpenAsync(course.Region, sent, attempt.Token)).ConfigureAwait(false);
                if (opening.Stream is not null && course.LimitMs < course.RemainingMs)
                    attempt.Limit(course.LeftMs);
                if (opening.Stream is { } stillborn && attempt.Token.IsCancellationRequested)
                {
                    // The region was lost, or its time was over, while its answer was on the way: the stream is cancelled already, and nothing of it has been read.
                    opening = default;
                    await stillborn.DisposeAsync().ConfigureAwait(false);
                }
            }
            catch (Exception exception)
            {
                failure = exception;
            }

            if (opening.Stream is { } stream)
                return new EdgeOpening(new EdgeStream(stream, course, entry, attempt, cancellationToken), null, course.Region.Name, course.Attempts);

            var fired = attempt.Token.IsCancellationRequested;
            attempt.Dispose();
            entry.Dispose();
            if (course.Ends(opening.Refusal, failure, fired, cancellationToken))
                break;
        }

        return new EdgeOpening(null, course.Refusal, course.Answerer, course.Attempts);
    }
}
