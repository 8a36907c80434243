using Meridian.Intents.Wire;
using Meridian.Messages;
using Meridian.Routing.Attempts;
using Meridian.Routing.Decision;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Logging;

namespace Meridian.Federation.Edge;

/// <summary>
/// The attempts of one request. Keeps the budget, the deadline and the regions that were tried; chooses the next region; decides what follows when an attempt
/// ends. Not thread-safe: one caller at a time.
/// </summary>
/// <param name="edge">The services and settings of the edge.</param>
/// <param name="request">The request.</param>
/// <param name="unpinned">The request without the version that the edge chose for it, or null if the edge chose none.</param>
internal sealed class RequestAttempts(EdgeContext edge, InferRequest request, InferRequest? unpinned = null)
{
    private readonly long _started = edge.Time.GetTimestamp();
    private readonly AttemptBudget _budget = new(request.Hops > 0 ? 1 : edge.Options.Attempts, Math.Min(request.RemainingMs, edge.LongestMs));
    private readonly ulong _affinity = AffinityKey.Of(request);
    private InferRequest _request = request;
    private InferRequest? _unpinned = unpinned;
    private bool _moving;
    private long _noticed;
    private double _detectMs;
    private readonly AttemptRefusals _refusals = new();
    private int? _waitEnds;
    private bool _waitedForModel;
    private bool _lastResort;

    /// <value>Deadline of the whole request, ms from its start.</value>
    public int DeadlineMs => _budget.DeadlineMs;

    /// <value>Number of attempts begun, including the one under way.</value>
    public int Attempts => _budget.Begun;

    /// <value>The attempt that began last.</value>
    public Attempt Current { get; private set; }

    /// <value>Whether this edge may move a stream to another region. Only the edge where the request entered may.</value>
    public bool MayMove { get; } = request.Hops == 0;

    /// <value>Time left until the deadline, ms.</value>
    public int LeftMs => _budget.RemainingMs(ElapsedMs);

    /// <value>Why the request was not served. Set when the request has ended with a refusal.</value>
    public Refusal? Refusal { get; private set; }

    /// <value>Region that the refusal came from, or null.</value>
    public string? Answerer { get; private set; }

    private int ElapsedMs => (int)Math.Min(edge.Time.GetElapsedTime(_started).TotalMilliseconds, int.MaxValue);

    /// <summary>The message for the region of the last attempt.</summary>
    public InferRequest Message(int remainingMs) => _request with
    {
        RemainingMs = remainingMs,
        AttemptsLeft = _budget.Left,
        Hops = _request.Hops + 1,
        ExcludedReplicas = _budget.Excluded(Current.Region.Name),
    };

    /// <summary>Chooses the region of the next attempt. If all regions are lost, waits for one. False if the request has ended with a refusal.</summary>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async ValueTask<bool> NextAsync(CancellationToken caller)
    {
        while (true)
        {
            caller.ThrowIfCancellationRequested();
            var remainingMs = LeftMs;
            if (remainingMs == 0)
                return !End(EdgeRefusals.Deadline(DeadlineMs, Attempts), null);
            var snapshot = edge.Directory.Current;
            var decision = Decide(snapshot);
            if (decision.Choice is { } region && _budget.Left > 0)
            {
                Begin(snapshot, region, decision.Standing == RegionStanding.Unheard, remainingMs);
                return true;
            }

            if (_budget.Left > 0 && Unpin())
                continue;
            if (_budget.Left > 0 && MayWaitForModel(snapshot, decision.Verdict))
            {
                await WaitForModelAsync(snapshot, caller).ConfigureAwait(false);
                continue;
            }

            if (_budget.Left == 0 || !MayWait(decision.Verdict))
                return !End(_refusals.Answer(snapshot, decision.Verdict, _request, Boundary(snapshot), Attempts), _refusals.Refuser);
            _waitEnds ??= ElapsedMs + edge.WaitMs;
            if (await WaitForRegionAsync(snapshot, Math.Min(_waitEnds.Value - ElapsedMs, remainingMs), caller).ConfigureAwait(false))
                _budget.Forget();
            else
                _lastResort = true;
        }
    }

    /// <summary>Begins a second attempt beside a slow one, if another region is ready now. Never waits.</summary>
    public bool TryHedge()
    {
        var remainingMs = LeftMs;
        if (remainingMs == 0 || _budget.Left == 0)
            return false;
        var snapshot = edge.Directory.Current;
        var decision = edge.Director.Decide(snapshot, Route(snapshot, _budget.Tried), edge.Random);
        if (decision is not { Choice: { } region, Standing: RegionStanding.Ready })
            return false;
        Begin(snapshot, region, unheard: false, remainingMs);
        return true;
    }

    /// <summary>
    /// A stream that was under way needs another region. If tokens have come since the last move, the budget of attempts is full again and all regions may be
    /// tried again, except the region that is left.
    /// </summary>
    /// <param name="continued">The request for the rest of the stream.</param>
    /// <param name="left">Name of the region that the stream leaves. If two regions raced for the opening, this is the winner, which need not be the region
    /// of <see cref="Current"/>.</param>
    /// <param name="progress">Whether tokens have come from the region that is left.</param>
    /// <param name="again">Whether the region that is left may be tried again: the region lives, only the replica has gone.</param>
    /// <param name="refusal">The refusal that ended the stream, or null.</param>
    /// <param name="silentSince">Timestamp of the last tokens.</param>
    public void Interrupted(InferRequest continued, string left, bool progress, bool again, Refusal? refusal, long silentSince)
    {
        _request = continued;
        _moving = true;
        _unpinned = null;
        _refusals.Clear();
        if (progress)
        {
            _budget.Renew();
            _waitEnds = null;
            _lastResort = false;
            if (!again)
                _budget.Leave(left);
        }

        if (ReplicaFault.Of(refusal) != ReplicaOutcome.None)
            _budget.Lose(left, refusal!);
        Notice(silentSince);
    }

    /// <summary>The attempt has succeeded. Records how much time the failed attempts before it have cost.</summary>
    public void Recovered(in Attempt attempt)
    {
        if (_noticed == 0)
            return;
        var now = edge.Time.GetTimestamp();
        var decideMs = edge.Time.GetElapsedTime(_noticed, attempt.BeganAt).TotalMilliseconds;
        FailoverMetrics.Recovered(_moving, _detectMs, decideMs, edge.Time.GetElapsedTime(attempt.BeganAt, now).TotalMilliseconds);
        _noticed = 0;
    }

    /// <summary>Decides what follows an attempt without a result. True: the request has ended with <see cref="Refusal"/>. False: try the next region.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="refusal">The region's refusal, or null if no answer came.</param>
    /// <param name="failure">The transport's exception, or null.</param>
    /// <param name="fired">Whether the attempt's token had fired.</param>
    /// <param name="caller">The caller's token.</param>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public bool Ends(in Attempt attempt, Refusal? refusal, Exception? failure, bool fired, CancellationToken caller)
    {
        var region = attempt.Region.Name;

        // Only an attempt without a reason needs the clock and the exception's cause. A region that answered had time and was reached.
        var silent = refusal is null or { Code: RefusalCode.RegionLost or RefusalCode.Cancelled };
        if (silent)
            caller.ThrowIfCancellationRequested();
        var verdict = _budget.End(region, refusal, new AttemptFacts
        {
            Continues = _moving,
            RegionLost = attempt.Lost.IsCancellationRequested,
            Fired = fired,
            Unheard = attempt.Unheard,
            Local = attempt.Local,
            Failed = failure is not null,
            TooLarge = silent && !fired && !attempt.Local && failure is not null && TransportFaults.IsTooLarge(failure),

            // The attempt's timer and the clock may differ slightly. Both end the request, so that no attempt with zero time begins.
            DeadlineOver = silent && LeftMs == 0,
        });
        edge.Count(attempt, verdict.Breaker);
        switch (verdict.Next)
        {
            case NextStep.Answer:
                return End(refusal!, region);
            case NextStep.Deadline:
                return End(EdgeRefusals.Deadline(DeadlineMs, Attempts), region);
            case NextStep.TooLarge:
                return End(EdgeRefusals.TooLarge(_request, edge.Options.Wire.MaxMessageBytes), region);
        }

        if (verdict.Suspect)
            edge.Report(attempt);
        var replica = ReplicaFault.Of(refusal);
        switch (refusal?.Code)
        {
            case RefusalCode.NoCapacity or RefusalCode.ModelNotFound or RefusalCode.Internal:
                break;
            case RefusalCode.NotReady or RefusalCode.RegionLost when replica == ReplicaOutcome.Lost:
                edge.LogReplicaLost(_request.RequestId, region, attempt.Number, refusal.Message);
                break;
            case RefusalCode.NotReady:
                break;
            default:
                LogLost(attempt, failure, refusal?.Message);
                break;
        }

        EdgeMetrics.FailedOver(region, refusal, replica);
        if (refusal is not null)
            _refusals.Add(region, refusal, replica);
        Notice(attempt.BeganAt);
        return false;
    }

    public void LogLost(in Attempt attempt, Exception? failure, string? reason)
    {
        if (edge.Logger.IsEnabled(LogLevel.Debug))
            edge.LogLost(_request.RequestId, attempt.Region.Name, attempt.Number, failure is null ? reason : TransportFaults.Describe(failure));
    }

    private void Begin(DirectorySnapshot snapshot, RegionMember region, bool unheard, int remainingMs)
    {
        var number = _budget.Begin(region.Name);
        snapshot.Views.TryGetValue(region.Name, out var view);
        Current = new Attempt
        {
            Number = number,
            Region = region,
            Incarnation = view?.Incarnation ?? 0,
            Local = edge.Local is not null && region.Name == snapshot.OwnRegion,
            Unheard = unheard,
            Lost = unheard ? CancellationToken.None : view?.Lost ?? CancellationToken.None,
            RemainingMs = remainingMs,
            LimitMs = unheard ? Math.Min(remainingMs, Math.Max(edge.WaitMs, 1)) : remainingMs,
            BeganAt = edge.Time.GetTimestamp(),
        };
    }

    /// <summary>Remembers when the first failure since the last success was noticed.</summary>
    private void Notice(long since)
    {
        if (_noticed != 0)
            return;
        _noticed = edge.Time.GetTimestamp();
        _detectMs = edge.Time.GetElapsedTime(since, _noticed).TotalMilliseconds;
    }

    private bool End(Refusal refusal, string? answerer)
    {
        Refusal = refusal;
        Answerer = answerer;
        return true;
    }

    /// <summary>
    /// The region of the next attempt: the region that lost only a replica, otherwise a region that was not tried, otherwise a tried region with a replica
    /// that has not failed this request.
    /// </summary>
    private RoutingDecision Decide(DirectorySnapshot snapshot)
    {
        var decision = SameArithmetic(snapshot)
            ?? (_budget.Kept is { } kept ? Among(snapshot, [kept]) : null)
            ?? edge.Director.Decide(snapshot, Route(snapshot, _budget.Tried), edge.Random);
        return decision.Choice is null && _budget.Open is { Length: > 0 } open ? Among(snapshot, open) ?? decision : decision;
    }

    /// <summary>
    /// No region can serve the version that the edge chose: from now on any version will do, in all regions. False if the edge chose none. A stream under way
    /// keeps its version.
    /// </summary>
    private bool Unpin()
    {
        if (_unpinned is not { } request)
            return false;
        _request = request;
        _unpinned = null;
        _budget.Forget();
        return true;
    }

    /// <summary>A decision among the named regions by all the usual rules. Null if none of them may serve.</summary>
    private RoutingDecision? Among(DirectorySnapshot snapshot, string[] regions)
    {
        string[] others = [.. snapshot.Intent.Regions.Select(region => region.Name).Except(regions)];
        var decision = edge.Director.Decide(snapshot, Route(snapshot, others), edge.Random);
        return decision.Choice is null ? null : decision;
    }

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

    /// <summary>
    /// For a reproducible request that continues an answer (after a move, or because its caller came back): a ready region whose arithmetic gives the same
    /// bits as the beginning of the answer. Null if any region will do, or if there is no such region.
    /// </summary>
    private RoutingDecision? SameArithmetic(DirectorySnapshot snapshot)
    {
        if (_request.Input is not GenerationInput { Reproducible: true, Arithmetic: { } arithmetic })
            return null;
        var others = from view in snapshot.Views
                     where !Array.Exists(view.Value.Models, status => status?.Computes(_request, arithmetic) == true)
                     select view.Key;
        string[] tried = [.. _budget.Tried];
        string[] excluded = [.. others, .. tried.Where(region => region != _budget.Kept)];
        var decision = edge.Director.Decide(snapshot, Route(snapshot, excluded), edge.Random);
        return decision is { Choice: not null, Standing: RegionStanding.Ready } ? decision : null;
    }

    private DataBoundary Boundary(DirectorySnapshot snapshot) => edge.Boundary(snapshot, _request);

    /// <summary>
    /// Whether the request may wait for a region. A new request waits only if no region has answered; "full" and "not ready" are answers. A stream under way
    /// also waits when regions are full or not ready, because its caller already has part of the answer.
    /// </summary>
    private bool MayWait(RoutingVerdict verdict) => !_lastResort && (_moving
        ? verdict is RoutingVerdict.RegionLost or RoutingVerdict.Exhausted or RoutingVerdict.NoIntent or RoutingVerdict.NotReady
        : !_refusals.HasAnswer && verdict is (RoutingVerdict.RegionLost or RoutingVerdict.Exhausted or RoutingVerdict.NoIntent));

    /// <summary>Whether a new request waits for the model to be loaded. It does so once. A stream under way waits as for a lost region.</summary>
    private bool MayWaitForModel(DirectorySnapshot snapshot, RoutingVerdict verdict) =>
        !_moving && !_waitedForModel && verdict == RoutingVerdict.NotReady && !_refusals.HasAnswer && MayMove
        && ModelLoading.IsUnderWay(snapshot, _request.Model, _request.Version, Boundary(snapshot));

    private async Task WaitForModelAsync(DirectorySnapshot snapshot, CancellationToken caller)
    {
        _waitedForModel = true;
        var offered = await edge.ModelWaits.WaitAsync(
            snapshot,
            LeftMs,
            next => ModelLoading.IsUnderWay(next, _request.Model, _request.Version, Boundary(next)),
            next => edge.Director.Decide(next, Route(next, []), edge.Random).Choice is not null,
            caller).ConfigureAwait(false);
        if (offered)
            _budget.Forget();
    }

    /// <summary>Waits for a snapshot later than <paramref name="known"/> that offers a region. False if the time is over.</summary>
    private async Task<bool> WaitForRegionAsync(DirectorySnapshot known, int milliseconds, CancellationToken caller)
    {
        if (milliseconds <= 0)
            return false;
        using var attempt = edge.Sources.Begin(milliseconds, caller, CancellationToken.None);
        try
        {
            var snapshot = known;
            while (true)
            {
                snapshot = await edge.Directory.WaitForChangeAsync(snapshot, attempt.Token).ConfigureAwait(false);
                if (edge.Director.Decide(snapshot, Route(snapshot, []), edge.Random).Choice is not null)
                    return true;
            }
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            return false;
        }
    }
}
