using Meridian.Messages;
using Meridian.Routing.Attempts;
using Meridian.Routing.Decision;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Edge;

/// <summary>The refusals that the attempts of one request have got, and the answer to the caller if no attempt succeeds.</summary>
internal sealed class AttemptRefusals
{
    private bool _full;
    private int _retryAfterMs;
    private Refusal? _notReady;
    private Refusal? _missing;
    private Refusal? _failed;

    /// <value>Region of the last refusal, or null.</value>
    public string? Refuser { get; private set; }

    /// <value>Whether a region has answered that it is full, not ready or without the model. A new request then does not wait for other regions.</value>
    public bool HasAnswer => _full || _notReady is not null || _missing is not null;

    /// <param name="region">Region that refused.</param>
    /// <param name="refusal">Its refusal.</param>
    /// <param name="replica">Whether the refusal is the outcome of one replica. A lost replica says nothing about its region.</param>
    public void Add(string region, Refusal refusal, ReplicaOutcome replica)
    {
        Refuser = region;
        switch (refusal.Code)
        {
            case RefusalCode.NoCapacity:
                _full = true;
                if (refusal.RetryAfterMs > 0 && (_retryAfterMs == 0 || refusal.RetryAfterMs < _retryAfterMs))
                    _retryAfterMs = refusal.RetryAfterMs;
                break;
            case RefusalCode.NotReady when replica != ReplicaOutcome.Lost:
                _notReady = refusal;
                break;
            case RefusalCode.ModelNotFound:
                _missing = refusal;
                break;
            case RefusalCode.Internal:
                _failed = refusal;
                break;
        }
    }

    public void Clear()
    {
        (_full, _retryAfterMs) = (false, 0);
        (_notReady, _missing, _failed, Refuser) = (null, null, null, null);
    }

    /// <summary>The refusal for the caller.</summary>
    /// <param name="snapshot">The snapshot of the last decision.</param>
    /// <param name="verdict">Verdict of the last decision.</param>
    /// <param name="request">The request.</param>
    /// <param name="boundary">Where its data may go.</param>
    /// <param name="attempts">Number of attempts that were made.</param>
    public Refusal Answer(DirectorySnapshot snapshot, RoutingVerdict verdict, InferRequest request, DataBoundary boundary, int attempts)
    {
        if (verdict == RoutingVerdict.ModelNotFound)
            return EdgeRefusals.ModelNotFound(snapshot.Intent, request.Model);
        if (_full)
            return EdgeRefusals.NoCapacity(request, _retryAfterMs > 0 ? _retryAfterMs : 1000);
        if ((_notReady ?? _failed ?? _missing) is { } refusal)
            return refusal;
        return verdict switch
        {
            RoutingVerdict.NotReady => EdgeRefusals.NotReady(request, ModelLoading.Problem(snapshot, request.Model, boundary)),

            // A restricted request always gets the residency refusal, whatever else has failed. Otherwise the caller could read "lost" as "send it again
            // without the restriction".
            RoutingVerdict.ResidencyUnavailable => EdgeRefusals.ResidencyUnavailable(snapshot, request.Model, boundary),
            _ when !boundary.IsUnrestricted => EdgeRefusals.ResidencyUnavailable(snapshot, request.Model, boundary),
            _ => EdgeRefusals.RegionLost(snapshot, request, attempts),
        };
    }
}
