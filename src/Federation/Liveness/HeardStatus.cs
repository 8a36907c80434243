using Meridian.Federation.Regions;
using Meridian.Messages;

namespace Meridian.Federation.Liveness;

/// <summary>
/// The asking side of heartbeats: puts a region's whole status together from acks that carry changes alone. One a stream; the counterpart is <see cref="StatusVersions"/>.
/// A change holds the model's status itself and not a difference, so one that was worked out from an older version than ours does no harm.
/// Not thread-safe, <see cref="Known"/> aside.
/// </summary>
internal sealed class HeardStatus
{
    private RegionStatus? _status;
    private long _known;

    /// <value>What the next beat says that we know; 0 before the first ack, and where the region knows no versions.</value>
    public long Known => Volatile.Read(ref _known);

    /// <value>Whether the region has shown that it knows versions.</value>
    public bool Versioned => Known != 0;

    /// <summary>The region's whole status after this ack, the same object where nothing has changed; null where the ack makes no sense and the next one must bring everything.</summary>
    public RegionStatus? After(BeatAck ack)
    {
        if (ack.Status is not { Models: { } models, Region: not null } status)
            return null;
        if (ack.StatusSince == 0)
        {
            _status = status;
        }
        else if (_status is null || ack.StatusSince > _known || Merged(_status.Models, models, ack.ChangedModels) is not { } merged)
        {
            Volatile.Write(ref _known, 0);
            return null;
        }
        else if (!ReferenceEquals(merged, _status.Models) || status.Draining != _status.Draining || status.Incarnation != _status.Incarnation || status.Region != _status.Region)
        {
            _status = status with { Models = merged };
        }

        Volatile.Write(ref _known, ack.StatusVersion);
        return _status;
    }

    private static ModelStatus[]? Merged(ModelStatus[] all, ModelStatus[] changed, int[]? places)
    {
        if (changed.Length != (places?.Length ?? 0))
            return null;
        if (places is null or [])
            return all;
        var merged = (ModelStatus[])all.Clone();
        for (var i = 0; i < places.Length; i++)
        {
            if ((uint)places[i] >= (uint)merged.Length)
                return null;
            merged[places[i]] = changed[i];
        }

        return merged;
    }
}
