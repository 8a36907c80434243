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
        var started = _time.GetTimestamp();
        var deadlineMs = Math.Min(request.RemainingMs, _longestMs);
        var budget = request.Hops > 0 ? 1 : _options.Attempts;
        var attempts = 0;
        var state = default(Trail);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var remainingMs = deadlineMs - ElapsedMs(started);
            if (remainingMs <= 0)
                return new EdgeAnswer(EdgeRefusals.Deadline(deadlineMs, attempts), null, attempts);
            var snapshot = _directory.Current;
            var decision = _director.Decide(snapshot, Route(request, state), _random);
            if (decision.Choice is not { } region || attempts == budget)
            {
                if (attempts < budget && state.MayWait(decision.Verdict))
                {
                    state.WaitEnds ??= ElapsedMs(started) + _waitMs;
                    if (await WaitForRegionAsync(snapshot, request, Math.Min(state.WaitEnds.Value - ElapsedMs(started), remainingMs), cancellationToken).ConfigureAwait(false))
                        state.TriedCount = 0;
                    else
                        state.LastResort = true;
                    continue;
                }

                return new EdgeAnswer(Refuse(snapshot, request, decision.Verdict, state, attempts), state.Refuser, attempts);
            }

            attempts++;
            var unheard = decision.Standing == RegionStanding.Unheard;
            snapshot.Views.TryGetValue(region.Name, out var view);
            var lost = unheard ? CancellationToken.None : view?.Lost ?? CancellationToken.None;
            var limitMs = unheard ? Math.Min(remainingMs, Math.Max(_waitMs, 1)) : remainingMs;
            var sent = request with { RemainingMs = limitMs, AttemptsLeft = budget - attempts, Hops = request.Hops + 1 };
            var local = _local is not null && region.Name == snapshot.OwnRegion;
            InferReply? reply = null;
            Exception? failure = null;
            bool fired;
            var entry = _inFlight.Enter(region.Name);
            var attempt = _sources.Begin(limitMs, cancellationToken, lost);
            try
            {
                reply = await (local ? _local!.InferAsync(sent, attempt.Token) : _transport.InferAsync(region, sent, attempt.Token)).ConfigureAwait(false);
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
                return new EdgeAnswer(reply, region.Name, attempts);
            switch (reply?.Refusal?.Code)
            {
                case RefusalCode.NoCapacity:
                    state.Full = true;
                    if (reply.Refusal.RetryAfterMs > 0 && (state.RetryAfterMs == 0 || reply.Refusal.RetryAfterMs < state.RetryAfterMs))
                        state.RetryAfterMs = reply.Refusal.RetryAfterMs;
                    EdgeMetrics.FailedOver(region.Name, RefusalCode.NoCapacity);
                    break;
                case RefusalCode.NotReady:
                    state.NotReady = reply;
                    EdgeMetrics.FailedOver(region.Name, RefusalCode.NotReady);
                    break;
                case null or RefusalCode.RegionLost or RefusalCode.Cancelled:
                    cancellationToken.ThrowIfCancellationRequested();
                    if (!lost.IsCancellationRequested)
                    {
                        // Neither caller nor region: the timer. It may be a hair early by the clock, which must not start another attempt of no length.
                        if ((fired && !unheard) || deadlineMs - ElapsedMs(started) <= 0)
                            return new EdgeAnswer(EdgeRefusals.Deadline(deadlineMs, attempts), region.Name, attempts);
                        if (failure is not null && !local && !fired)
                        {
                            if (TransportFaults.IsTooLarge(failure))
                                return new EdgeAnswer(EdgeRefusals.TooLarge(_options.MaxMessageBytes), region.Name, attempts);
                            _reports.ReportFailure(region.Name, view?.Incarnation ?? 0);
                        }
                    }

                    if (_logger.IsEnabled(LogLevel.Debug))
                        LogLost(request.RequestId, region.Name, attempts, failure is null ? reply?.Refusal?.Message : TransportFaults.Describe(failure));
                    EdgeMetrics.FailedOver(region.Name, RefusalCode.RegionLost);
                    break;
                default:
                    return new EdgeAnswer(reply, region.Name, attempts);
            }

            state.Add(region.Name);
            state.Refuser = reply?.Refusal is null ? state.Refuser : region.Name;
        }
    }

    private static RouteRequest Route(InferRequest request, in Trail state) => new()
    {
        Model = request.Model,
        Version = request.Version,
        Variant = request.Variant,
        Residency = request.Residency,
        Excluded = state.Tried.AsSpan(0, state.TriedCount),
        LastResort = state.LastResort,
    };

    private int ElapsedMs(long started) => (int)Math.Min(_time.GetElapsedTime(started).TotalMilliseconds, int.MaxValue);

    /// <summary>Waits for a snapshot later than <paramref name="known"/> that offers any region; false when the time is over.</summary>
    private async Task<bool> WaitForRegionAsync(DirectorySnapshot known, InferRequest request, int milliseconds, CancellationToken caller)
    {
        if (milliseconds <= 0)
            return false;
        using var attempt = _sources.Begin(milliseconds, caller, CancellationToken.None);
        try
        {
            var snapshot = known;
            while (true)
            {
                snapshot = await _directory.WaitForChangeAsync(snapshot, attempt.Token).ConfigureAwait(false);
                if (_director.Decide(snapshot, Route(request, default), _random).Choice is not null)
                    return true;
            }
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            return false;
        }
    }

    private static InferReply Refuse(DirectorySnapshot snapshot, InferRequest request, RoutingVerdict verdict, in Trail state, int attempts)
    {
        if (verdict == RoutingVerdict.ModelNotFound)
            return EdgeRefusals.ModelNotFound(snapshot.Intent, request.Model);
        if (state.Full)
            return EdgeRefusals.NoCapacity(request, state.RetryAfterMs > 0 ? state.RetryAfterMs : 1000);
        if (state.NotReady is { } notReady)
            return notReady;
        return verdict switch
        {
            RoutingVerdict.NotReady => EdgeRefusals.NotReady(request),

            // A restricted request is told that its restriction stands, whatever else is up: the caller must not read "lost" as "send again without it".
            RoutingVerdict.ResidencyUnavailable => EdgeRefusals.ResidencyUnavailable(snapshot, request),
            _ when request.Residency is not null => EdgeRefusals.ResidencyUnavailable(snapshot, request),
            _ => EdgeRefusals.RegionLost(snapshot, request, attempts),
        };
    }

    /// <summary>What a request has been through so far.</summary>
    private struct Trail
    {
        public string[]? Tried;
        public int TriedCount;
        public bool Full;
        public int RetryAfterMs;
        public InferReply? NotReady;
        public string? Refuser;
        public int? WaitEnds;
        public bool LastResort;

        public void Add(string region)
        {
            Tried ??= new string[4];
            if (TriedCount == Tried.Length)
                Array.Resize(ref Tried, TriedCount * 2);
            Tried[TriedCount++] = region;
        }

        /// <summary>Only where no region has answered: a full or unready one is an answer.</summary>
        public readonly bool MayWait(RoutingVerdict verdict) =>
            !LastResort && !Full && NotReady is null && verdict is (RoutingVerdict.RegionLost or RoutingVerdict.Exhausted or RoutingVerdict.NoIntent);
    }

    public Task<EdgeOpening> OpenAsync(InferRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();
}
