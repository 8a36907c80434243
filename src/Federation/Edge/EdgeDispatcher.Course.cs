using Meridian.Federation.Availability;
using Meridian.Federation.Directory;
using Meridian.Federation.Protocol;
using Meridian.Federation.Routing;
using Meridian.Federation.Sovereignty;
using Meridian.Messages;
using Meridian.Messages.Generation;
using Microsoft.Extensions.Logging;

namespace Meridian.Federation.Edge;

internal sealed partial class EdgeDispatcher
{
    /// <summary>A request on its way through regions: what it has been through, which region is next, and what follows the outcome there. Used by one caller at a time.</summary>
    private sealed class Course(EdgeDispatcher edge, InferRequest request)
    {
        private readonly long _started = edge._time.GetTimestamp();
        private readonly int _budget = request.Hops > 0 ? 1 : edge._options.Attempts;
        private readonly ulong _affinity = AffinityKey.Of(request);
        private InferRequest _request = request;
        private int _spent;
        private bool _moving;
        private long _noticed;
        private double _detectMs;
        private string[]? _tried;
        private int _triedCount;
        private bool _full;
        private int _retryAfterMs;
        private Refusal? _notReady;
        private Refusal? _failed;
        private string? _refuser;
        private int? _waitEnds;
        private bool _lastResort;
        /// <value>The whole request's, ms.</value>
        public int DeadlineMs { get; } = Math.Min(request.RemainingMs, edge._longestMs);

        /// <value>Regions tried, the one of the attempt under way included.</value>
        public int Attempts { get; private set; }

        /// <value>The attempt that began last.</value>
        public Trial Trial { get; private set; }

        /// <value>Whether a stream may go on elsewhere from here: only where its request entered.</value>
        public bool MayMove { get; } = request.Hops == 0;

        /// <value>Time that is left now, ms.</value>
        public int LeftMs => Math.Max(0, DeadlineMs - ElapsedMs);

        /// <value>Why the request was not served; set once it has ended.</value>
        public Refusal? Refusal { get; private set; }

        /// <value>Region that the refusal came from, or null.</value>
        public string? Answerer { get; private set; }

        private int ElapsedMs => (int)Math.Min(edge._time.GetElapsedTime(_started).TotalMilliseconds, int.MaxValue);

        /// <summary>What the region of the last attempt is sent.</summary>
        public InferRequest Message(int remainingMs) => _request with { RemainingMs = remainingMs, AttemptsLeft = _budget - _spent, Hops = _request.Hops + 1 };

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
                var decision = Alike(snapshot) ?? edge._director.Decide(snapshot, Route(snapshot, _triedCount), edge._random);
                if (decision.Choice is { } region && _spent < _budget)
                {
                    Begin(snapshot, region, decision.Standing == RegionStanding.Unheard, remainingMs);
                    return true;
                }

                if (_spent == _budget || !MayWait(decision.Verdict))
                    return !End(Refuse(snapshot, decision.Verdict), _refuser);
                _waitEnds ??= ElapsedMs + edge._waitMs;
                if (await WaitForRegionAsync(snapshot, Math.Min(_waitEnds.Value - ElapsedMs, remainingMs), caller).ConfigureAwait(false))
                    _triedCount = 0;
                else
                    _lastResort = true;
            }
        }

        /// <summary>Begins an attempt beside one that is slow, where another region has room now; never waits.</summary>
        public bool TryHedge()
        {
            var remainingMs = DeadlineMs - ElapsedMs;
            if (remainingMs <= 0 || _spent == _budget)
                return false;
            var snapshot = edge._directory.Current;
            var decision = edge._director.Decide(snapshot, Route(snapshot, _triedCount), edge._random);
            if (decision is not { Choice: { } region, Standing: RegionStanding.Ready })
                return false;
            Begin(snapshot, region, unheard: false, remainingMs);
            return true;
        }

        /// <summary>
        /// A stream that was under way needs another region. Tokens that have come since the last time fill the budget again and let every region but the one that was left count again.
        /// </summary>
        /// <param name="onward">What goes on from where it stands.</param>
        /// <param name="left">Name of the region that it leaves: of two that raced for the opening the one that won, which need not be the one of <see cref="Trial"/>.</param>
        /// <param name="progress">Whether tokens have come from the region that is left.</param>
        /// <param name="again">Whether that region itself may be asked again: it lives, the replica has gone.</param>
        /// <param name="silentSince">When its last tokens came.</param>
        public void Disturbed(InferRequest onward, string left, bool progress, bool again, long silentSince)
        {
            _request = onward;
            _moving = true;
            _full = false;
            _notReady = null;
            _failed = null;
            _refuser = null;
            _retryAfterMs = 0;
            if (progress)
            {
                _spent = 0;
                _waitEnds = null;
                _lastResort = false;
                _triedCount = 0;
                if (!again)
                    Tried(left);
            }

            Notice(silentSince);
        }

        /// <summary>The attempt has brought what was asked for: records what its forerunners' failure cost.</summary>
        public void Recovered(in Trial trial)
        {
            if (_noticed == 0)
                return;
            var now = edge._time.GetTimestamp();
            var decideMs = edge._time.GetElapsedTime(_noticed, trial.BeganAt).TotalMilliseconds;
            FailoverMetrics.Recovered(_moving, _detectMs, decideMs, edge._time.GetElapsedTime(trial.BeganAt, now).TotalMilliseconds);
            _noticed = 0;
        }

        /// <summary>Decides what follows an attempt that brought no result: true ends the request with <see cref="Refusal"/>, false goes on to the next region.</summary>
        /// <param name="trial">The attempt.</param>
        /// <param name="refusal">What the region said, or null where no answer came.</param>
        /// <param name="failure">What the transport threw, or null.</param>
        /// <param name="fired">Whether the attempt's token had fired.</param>
        /// <param name="caller">The caller's token.</param>
        /// <exception cref="OperationCanceledException">The caller has gone.</exception>
        public bool Ends(in Trial trial, Refusal? refusal, Exception? failure, bool fired, CancellationToken caller)
        {
            var region = trial.Region.Name;
            switch (refusal?.Code)
            {
                case RefusalCode.NoCapacity:
                    edge.Count(trial, AttemptOutcome.Answered);
                    _full = true;
                    if (refusal.RetryAfterMs > 0 && (_retryAfterMs == 0 || refusal.RetryAfterMs < _retryAfterMs))
                        _retryAfterMs = refusal.RetryAfterMs;
                    break;
                case RefusalCode.NotReady:
                    edge.Count(trial, AttemptOutcome.Answered);
                    _notReady = refusal;
                    break;
                case RefusalCode.Internal when _moving:
                    // The caller has tokens already: what another region can do is worth an attempt.
                    edge.Count(trial, AttemptOutcome.Faulted);
                    _failed = refusal;
                    break;
                case null or RefusalCode.RegionLost or RefusalCode.Cancelled:
                    caller.ThrowIfCancellationRequested();
                    var lost = trial.Lost.IsCancellationRequested;
                    edge.Count(trial, fired && !lost ? AttemptOutcome.TimedOut : AttemptOutcome.Lost);
                    if (!lost)
                    {
                        // Neither caller nor region: the timer. It may be a hair early by the clock, which must not start another attempt of no length.
                        if ((fired && !trial.Unheard) || DeadlineMs - ElapsedMs <= 0)
                            return End(EdgeRefusals.Deadline(DeadlineMs, Attempts), region);
                        if (failure is not null && !trial.Local && !fired)
                        {
                            if (TransportFaults.IsTooLarge(failure))
                                return End(EdgeRefusals.TooLarge(_request, edge._options.MaxMessageBytes), region);
                            edge.Report(trial);
                        }
                    }

                    LogLost(trial, failure, refusal?.Message);
                    break;
                default:
                    edge.Count(trial, refusal.Code == RefusalCode.Internal ? AttemptOutcome.Faulted : AttemptOutcome.Answered);
                    return End(refusal, region);
            }

            EdgeMetrics.FailedOver(region, refusal?.Code is null or RefusalCode.Cancelled ? RefusalCode.RegionLost : refusal.Code);
            if (refusal is not null)
                _refuser = region;
            Notice(trial.BeganAt);
            return false;
        }

        public void LogLost(in Trial trial, Exception? failure, string? reason)
        {
            if (edge._logger.IsEnabled(LogLevel.Debug))
                edge.LogLost(_request.RequestId, trial.Region.Name, trial.Number, failure is null ? reason : TransportFaults.Describe(failure));
        }

        private void Begin(DirectorySnapshot snapshot, RegionMember region, bool unheard, int remainingMs)
        {
            Attempts++;
            _spent++;
            snapshot.Views.TryGetValue(region.Name, out var view);
            Trial = new Trial
            {
                Number = Attempts,
                Region = region,
                Incarnation = view?.Incarnation ?? 0,
                Local = edge._local is not null && region.Name == snapshot.OwnRegion,
                Unheard = unheard,
                Lost = unheard ? CancellationToken.None : view?.Lost ?? CancellationToken.None,
                RemainingMs = remainingMs,
                LimitMs = unheard ? Math.Min(remainingMs, Math.Max(edge._waitMs, 1)) : remainingMs,
                BeganAt = edge._time.GetTimestamp(),
            };
            Tried(region.Name);
        }

        private void Tried(string region)
        {
            _tried ??= new string[4];
            if (_triedCount == _tried.Length)
                Array.Resize(ref _tried, _triedCount * 2);
            _tried[_triedCount++] = region;
        }

        /// <summary>The first failure of a disturbance was noticed.</summary>
        private void Notice(long since)
        {
            if (_noticed != 0)
                return;
            _noticed = edge._time.GetTimestamp();
            _detectMs = edge._time.GetElapsedTime(since, _noticed).TotalMilliseconds;
        }

        private bool End(Refusal refusal, string? answerer)
        {
            Refusal = refusal;
            Answerer = answerer;
            return true;
        }

        private RouteRequest Route(DirectorySnapshot snapshot, int tried) => Route(snapshot, _tried.AsSpan(0, tried));

        private RouteRequest Route(DirectorySnapshot snapshot, ReadOnlySpan<string> excluded) => new()
        {
            Model = _request.Model,
            Version = _request.Version,
            Variant = _request.Variant,
            Boundary = Boundary(snapshot),
            Flex = _request.Tier == "flex",
            Affinity = _affinity,
            MostTokens = (_request.Input as GenerationInput)?.MaxTokens ?? 0,
            Excluded = excluded,
            LastResort = _lastResort,
        };

        /// <summary>A ready region whose bits are those that the answer began with, if it is to be reproducible and goes on, here or for a caller who came back; null where any will do, or none is there.</summary>
        private RoutingDecision? Alike(DirectorySnapshot snapshot)
        {
            if (_request.Input is not GenerationInput { Reproducible: true, Arithmetic: { } arithmetic })
                return null;
            var others = snapshot.Views.Where(view => !Array.Exists(view.Value.Models, status => status?.Computes(_request, arithmetic) == true)).Select(view => view.Key);
            string[] excluded = [.. _tried.AsSpan(0, _triedCount), .. others];
            var decision = edge._director.Decide(snapshot, Route(snapshot, excluded), edge._random);
            return decision is { Choice: not null, Standing: RegionStanding.Ready } ? decision : null;
        }

        /// <summary>Where the data may go by the intent of the decision: it may bind the tenant since the request came.</summary>
        private DataBoundary Boundary(DirectorySnapshot snapshot) =>
            new DataBoundary(_request.Residency, _request.PermittedRegions).And(new DataBoundary(edge._tenants.Of(snapshot.Intent, _request.Tenant), null));

        /// <summary>Only where no region has answered: a full or unready one is an answer. A stream that is under way waits for those, too: its caller has a part already.</summary>
        private bool MayWait(RoutingVerdict verdict) => !_lastResort && (_moving
            ? verdict is RoutingVerdict.RegionLost or RoutingVerdict.Exhausted or RoutingVerdict.NoIntent or RoutingVerdict.NotReady
            : !_full && _notReady is null && verdict is (RoutingVerdict.RegionLost or RoutingVerdict.Exhausted or RoutingVerdict.NoIntent));

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
                    if (edge._director.Decide(snapshot, Route(snapshot, 0), edge._random).Choice is not null)
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
                return EdgeRefusals.ModelNotFound(snapshot.Intent, _request.Model);
            if (_full)
                return EdgeRefusals.NoCapacity(_request, _retryAfterMs > 0 ? _retryAfterMs : 1000);
            if (_notReady is { } notReady)
                return notReady;
            if (_failed is { } failed)
                return failed;
            return verdict switch
            {
                RoutingVerdict.NotReady => EdgeRefusals.NotReady(_request),

                // A restricted request is told that its restriction stands, whatever else is up: the caller must not read "lost" as "send again without it".
                RoutingVerdict.ResidencyUnavailable => EdgeRefusals.ResidencyUnavailable(snapshot, _request.Model, Boundary(snapshot)),
                _ when !Boundary(snapshot).IsUnrestricted => EdgeRefusals.ResidencyUnavailable(snapshot, _request.Model, Boundary(snapshot)),
                _ => EdgeRefusals.RegionLost(snapshot, _request, Attempts),
            };
        }
    }
}
