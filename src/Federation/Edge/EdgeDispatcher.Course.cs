using Meridian.Federation.Directory;
using Meridian.Federation.Protocol;
using Meridian.Federation.Routing;
using Meridian.Federation.Sovereignty;
using Meridian.Messages;
using Microsoft.Extensions.Logging;

namespace Meridian.Federation.Edge;

internal sealed partial class EdgeDispatcher
{
    /// <summary>A request on its way through regions: what it has been through, which region is next, and what follows the outcome there. Used by one caller at a time.</summary>
    private sealed class Course(EdgeDispatcher edge, InferRequest request)
    {
        private readonly long _started = edge._time.GetTimestamp();
        private readonly int _budget = request.Hops > 0 ? 1 : edge._options.Attempts;
        private string[]? _tried;
        private int _triedCount;
        private bool _full;
        private int _retryAfterMs;
        private Refusal? _notReady;
        private string? _refuser;
        private int? _waitEnds;
        private bool _lastResort;
        private RegionMember? _region;
        private RegionView? _view;
        private bool _unheard;

        public string RequestId => request.RequestId;

        /// <value>The whole request's, ms.</value>
        public int DeadlineMs { get; } = Math.Min(request.RemainingMs, edge._longestMs);

        /// <value>Regions tried, the one of the attempt under way included.</value>
        public int Attempts { get; private set; }

        /// <value>Where the attempt under way goes.</value>
        public RegionMember Region => _region!;

        /// <value>Whether that is the edge's own region.</value>
        public bool Local { get; private set; }

        /// <value>Fires when the region of the attempt is lost.</value>
        public CancellationToken Lost { get; private set; }

        /// <value>Time that was left for the request when the attempt began, ms.</value>
        public int RemainingMs { get; private set; }

        /// <value>Time that the attempt may take, ms: less where nothing was heard of the region.</value>
        public int LimitMs { get; private set; }

        /// <value>Time that is left now, ms.</value>
        public int LeftMs => Math.Max(0, DeadlineMs - ElapsedMs);

        /// <value>Why the request was not served; set once it has ended.</value>
        public Refusal? Refusal { get; private set; }

        /// <value>Region that the refusal came from, or null.</value>
        public string? Answerer { get; private set; }

        private int ElapsedMs => (int)Math.Min(edge._time.GetElapsedTime(_started).TotalMilliseconds, int.MaxValue);

        /// <summary>What the region of the attempt is sent.</summary>
        public InferRequest Message(int remainingMs) => request with { RemainingMs = remainingMs, AttemptsLeft = _budget - Attempts, Hops = request.Hops + 1 };

        /// <summary>Finds the next attempt's region, waiting for one where all are lost; false when the request has ended, refused.</summary>
        /// <exception cref="OperationCanceledException">The caller has gone.</exception>
        public async ValueTask<bool> NextAsync(CancellationToken caller)
        {
            while (true)
            {
                caller.ThrowIfCancellationRequested();
                var remainingMs = DeadlineMs - ElapsedMs;
                if (remainingMs <= 0)
                    return !End(EdgeRefusals.Deadline(DeadlineMs, Attempts), null);
                var snapshot = edge._directory.Current;
                var decision = edge._director.Decide(snapshot, Route(_triedCount), edge._random);
                if (decision.Choice is { } region && Attempts < _budget)
                {
                    Begin(snapshot, region, decision.Standing == RegionStanding.Unheard, remainingMs);
                    return true;
                }

                if (Attempts == _budget || !MayWait(decision.Verdict))
                    return !End(Refuse(snapshot, decision.Verdict), _refuser);
                _waitEnds ??= ElapsedMs + edge._waitMs;
                if (await WaitForRegionAsync(snapshot, Math.Min(_waitEnds.Value - ElapsedMs, remainingMs), caller).ConfigureAwait(false))
                    _triedCount = 0;
                else
                    _lastResort = true;
            }
        }

        /// <summary>Decides what follows an attempt that brought no result: true ends the request with <see cref="Refusal"/>, false goes on to the next region.</summary>
        /// <param name="refusal">What the region said, or null where no answer came.</param>
        /// <param name="failure">What the transport threw, or null.</param>
        /// <param name="fired">Whether the attempt's token had fired.</param>
        /// <param name="caller">The caller's token.</param>
        /// <exception cref="OperationCanceledException">The caller has gone.</exception>
        public bool Ends(Refusal? refusal, Exception? failure, bool fired, CancellationToken caller)
        {
            var region = Region.Name;
            switch (refusal?.Code)
            {
                case RefusalCode.NoCapacity:
                    _full = true;
                    if (refusal.RetryAfterMs > 0 && (_retryAfterMs == 0 || refusal.RetryAfterMs < _retryAfterMs))
                        _retryAfterMs = refusal.RetryAfterMs;
                    EdgeMetrics.FailedOver(region, RefusalCode.NoCapacity);
                    break;
                case RefusalCode.NotReady:
                    _notReady = refusal;
                    EdgeMetrics.FailedOver(region, RefusalCode.NotReady);
                    break;
                case null or RefusalCode.RegionLost or RefusalCode.Cancelled:
                    caller.ThrowIfCancellationRequested();
                    if (!Lost.IsCancellationRequested)
                    {
                        // Neither caller nor region: the timer. It may be a hair early by the clock, which must not start another attempt of no length.
                        if ((fired && !_unheard) || DeadlineMs - ElapsedMs <= 0)
                            return End(EdgeRefusals.Deadline(DeadlineMs, Attempts), region);
                        if (failure is not null && !Local && !fired)
                        {
                            if (TransportFaults.IsTooLarge(failure))
                                return End(EdgeRefusals.TooLarge(request, edge._options.MaxMessageBytes), region);
                            Report();
                        }
                    }

                    LogLost(failure, refusal?.Message);
                    EdgeMetrics.FailedOver(region, RefusalCode.RegionLost);
                    break;
                default:
                    return End(refusal, region);
            }

            _tried ??= new string[4];
            if (_triedCount == _tried.Length)
                Array.Resize(ref _tried, _triedCount * 2);
            _tried[_triedCount++] = region;
            if (refusal is not null)
                _refuser = region;
            return false;
        }

        /// <summary>Tells liveness that the region of the attempt did not answer as one that lives.</summary>
        public void Report() => edge._reports.ReportFailure(Region.Name, _view?.Incarnation ?? 0);

        public void LogLost(Exception? failure, string? reason)
        {
            if (edge._logger.IsEnabled(LogLevel.Debug))
                edge.LogLost(request.RequestId, Region.Name, Attempts, failure is null ? reason : TransportFaults.Describe(failure));
        }

        private void Begin(DirectorySnapshot snapshot, RegionMember region, bool unheard, int remainingMs)
        {
            Attempts++;
            _region = region;
            _unheard = unheard;
            snapshot.Views.TryGetValue(region.Name, out _view);
            Lost = unheard ? CancellationToken.None : _view?.Lost ?? CancellationToken.None;
            RemainingMs = remainingMs;
            LimitMs = unheard ? Math.Min(remainingMs, Math.Max(edge._waitMs, 1)) : remainingMs;
            Local = edge._local is not null && region.Name == snapshot.OwnRegion;
        }

        private bool End(Refusal refusal, string? answerer)
        {
            Refusal = refusal;
            Answerer = answerer;
            return true;
        }

        private RouteRequest Route(int tried) => new()
        {
            Model = request.Model,
            Version = request.Version,
            Variant = request.Variant,
            Boundary = new DataBoundary(request.Residency, request.PermittedRegions),
            Flex = request.Tier == "flex",
            Excluded = _tried.AsSpan(0, tried),
            LastResort = _lastResort,
        };

        /// <summary>Only where no region has answered: a full or unready one is an answer.</summary>
        private bool MayWait(RoutingVerdict verdict) =>
            !_lastResort && !_full && _notReady is null && verdict is (RoutingVerdict.RegionLost or RoutingVerdict.Exhausted or RoutingVerdict.NoIntent);

        /// <summary>Waits for a snapshot later than <paramref name="known"/> that offers any region; false when the time is over.</summary>
        private async Task<bool> WaitForRegionAsync(DirectorySnapshot known, int milliseconds, CancellationToken caller)
        {
            if (milliseconds <= 0)
                return false;
            using var attempt = edge._sources.Begin(milliseconds, caller, CancellationToken.None);
            try
            {
                var snapshot = known;
                while (true)
                {
                    snapshot = await edge._directory.WaitForChangeAsync(snapshot, attempt.Token).ConfigureAwait(false);
                    if (edge._director.Decide(snapshot, Route(0), edge._random).Choice is not null)
                        return true;
                }
            }
            catch (OperationCanceledException) when (!caller.IsCancellationRequested)
            {
                return false;
            }
        }

        private Refusal Refuse(DirectorySnapshot snapshot, RoutingVerdict verdict)
        {
            if (verdict == RoutingVerdict.ModelNotFound)
                return EdgeRefusals.ModelNotFound(snapshot.Intent, request.Model);
            if (_full)
                return EdgeRefusals.NoCapacity(request, _retryAfterMs > 0 ? _retryAfterMs : 1000);
            if (_notReady is { } notReady)
                return notReady;
            return verdict switch
            {
                RoutingVerdict.NotReady => EdgeRefusals.NotReady(request),

                // A restricted request is told that its restriction stands, whatever else is up: the caller must not read "lost" as "send again without it".
                RoutingVerdict.ResidencyUnavailable => EdgeRefusals.ResidencyUnavailable(snapshot, request),
                _ when request.Residency is not null => EdgeRefusals.ResidencyUnavailable(snapshot, request),
                _ => EdgeRefusals.RegionLost(snapshot, request, Attempts),
            };
        }
    }
}
