using System.Runtime.CompilerServices;
using Meridian.Federation.Availability;
using Meridian.Federation.Configuration;
using Meridian.Federation.Directory;
using Meridian.Federation.Liveness;
using Meridian.Federation.Protocol;
using Meridian.Federation.Routing;
using Meridian.Federation.Sovereignty;
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
/// A stream is opened by the same attempts. Its first frame is the answer; where its region is lost after it, the stream goes on in another one, see <see cref="EdgeStream"/>.
/// </para>
/// <para>
/// An answer that its caller takes whole may be hedged where its model is set so: see <see cref="RaceAsync"/>.
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
    private readonly IAttemptReports _attempts;
    private readonly AttemptSources _sources;
    private readonly TenantResidency _tenants = new();
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
        IAttemptReports attempts,
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
        _attempts = attempts;
        _sources = new AttemptSources(time);
        _longestMs = (int)_options.Deadline.TotalMilliseconds;
        _waitMs = (int)Math.Min(_options.WaitForRegion.TotalMilliseconds, _longestMs);
    }

    public async Task<EdgeAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        var course = new Course(this, request);
        var hedgeAfterMs = HedgeAfterMs(request);
        if (hedgeAfterMs > 0)
        {
            var won = await RaceAsync(course, stream: false, hedgeAfterMs, cancellationToken).ConfigureAwait(false);
            return won is { } landed ? new EdgeAnswer(landed.Reply!, landed.Trial.Region.Name, course.Attempts) : new EdgeAnswer(new InferReply { Refusal = course.Refusal }, course.Answerer, course.Attempts);
        }

        while (await course.NextAsync(cancellationToken).ConfigureAwait(false))
        {
            var landing = await AskAsync(course.Trial, course.Message(course.Trial.LimitMs), cancellationToken).ConfigureAwait(false);
            if (landing.Reply is { Result: not null } reply)
            {
                Landed(course, landing.Trial);
                return new EdgeAnswer(reply, landing.Trial.Region.Name, course.Attempts);
            }

            if (course.Ends(landing.Trial, landing.Refusal, landing.Failure, landing.Fired, cancellationToken))
                break;
        }

        return new EdgeAnswer(new InferReply { Refusal = course.Refusal }, course.Answerer, course.Attempts);
    }

    public Task<EdgeOpening> OpenAsync(InferRequest request, CancellationToken cancellationToken) => OpenAsync(request, whole: false, cancellationToken);

    public async Task<EdgeOpening> OpenAsync(InferRequest request, bool whole, CancellationToken cancellationToken)
    {
        var course = new Course(this, request);
        var hedgeAfterMs = whole ? HedgeAfterMs(request) : 0;
        var leg = hedgeAfterMs > 0
            ? (await RaceAsync(course, stream: true, hedgeAfterMs, cancellationToken).ConfigureAwait(false))?.Leg
            : await ReachAsync(course, cancellationToken).ConfigureAwait(false);
        if (leg is null)
            return new EdgeOpening(null, course.Refusal, course.Answerer, course.Attempts);
        if (hedgeAfterMs == 0)
            course.Recovered(leg.Trial);
        return new EdgeOpening(new EdgeStream(this, course, request, leg, cancellationToken), null, leg.Trial.Region.Name, course.Attempts);
    }

    /// <summary>Opens a stream in the next region that can; null when the course has ended, refused.</summary>
    private async ValueTask<Leg?> ReachAsync(Course course, CancellationToken caller)
    {
        while (await course.NextAsync(caller).ConfigureAwait(false))
        {
            // The region has the whole time that is left; the limit of an attempt is one for its first frame.
            var landing = await BoardAsync(course, course.Trial, course.Message(course.Trial.RemainingMs), caller).ConfigureAwait(false);
            if (landing.Leg is { } leg)
            {
                Count(leg.Trial, AttemptOutcome.Answered);
                return leg;
            }

            if (course.Ends(landing.Trial, landing.Refusal, landing.Failure, landing.Fired, caller))
                break;
        }

        return null;
    }

    /// <summary>One attempt at an answer. Never throws.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Landing> AskAsync(Trial trial, InferRequest sent, CancellationToken caller)
    {
        InferReply? reply = null;
        Exception? failure = null;
        var entry = _inFlight.Enter(trial.Region.Name, sent.Model);
        var attempt = _sources.Begin(trial.LimitMs, caller, trial.Lost);
        try
        {
            reply = await (trial.Local ? _local!.InferAsync(sent, attempt.Token) : _transport.InferAsync(trial.Region, sent, attempt.Token)).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        var fired = attempt.Token.IsCancellationRequested;
        attempt.Dispose();
        entry.Dispose();
        return new Landing(trial, reply, null, reply?.Refusal, failure, fired);
    }

    /// <summary>One attempt at a stream. Never throws.</summary>
    private async ValueTask<Landing> BoardAsync(Course course, Trial trial, InferRequest sent, CancellationToken caller)
    {
        StreamOpening opening = default;
        Exception? failure = null;
        var entry = _inFlight.Enter(trial.Region.Name, sent.Model);
        var attempt = _sources.Begin(trial.LimitMs, caller, trial.Lost);
        try
        {
            opening = await (trial.Local ? _local!.OpenAsync(sent, attempt.Token) : _transport.OpenAsync(trial.Region, sent, attempt.Token)).ConfigureAwait(false);
            if (opening.Stream is not null && trial.LimitMs < trial.RemainingMs)
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
            return new Landing(trial, null, new Leg(stream, trial, attempt, entry), null, null, Fired: false);

        var fired = attempt.Token.IsCancellationRequested;
        attempt.Dispose();
        entry.Dispose();
        return new Landing(trial, null, null, opening.Refusal, failure, fired);
    }

    private void Landed(Course course, in Trial trial)
    {
        Count(trial, AttemptOutcome.Answered);
        course.Recovered(trial);
    }

    /// <summary>Tells the region's breaker how an attempt ended.</summary>
    private void Count(in Trial trial, AttemptOutcome outcome) => _attempts.Report(trial.Region.Name, trial.Incarnation, outcome);

    /// <summary>Tells liveness that the region of the attempt did not answer as one that lives.</summary>
    private void Report(in Trial trial) => _reports.ReportFailure(trial.Region.Name, trial.Incarnation);

    /// <summary>How an attempt ended.</summary>
    /// <param name="Trial">The attempt.</param>
    /// <param name="Reply">Its answer, or null.</param>
    /// <param name="Leg">The stream that it opened, or null.</param>
    /// <param name="Refusal">What the region said instead, or null.</param>
    /// <param name="Failure">What the transport threw, or null.</param>
    /// <param name="Fired">Whether its token had fired.</param>
    private readonly record struct Landing(Trial Trial, InferReply? Reply, Leg? Leg, Refusal? Refusal, Exception? Failure, bool Fired)
    {
        public bool Good => Reply is { Result: not null } || Leg is not null;
    }
}
