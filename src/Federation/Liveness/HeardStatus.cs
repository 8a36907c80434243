using Meridian.Federation.Regions;
using Meridian.Messages;

namespace Meridian.Federation.Liveness;

/// <summary>
/// The observer's side of heartbeats. Acks carry only the models that have changed; this class builds the region's whole status from them. One instance per
/// stream; the counterpart is <see cref="StatusVersions"/>.
/// <para>
/// A change contains the model's complete status, not a difference. So a change that the region computed against a version older than ours does no harm.
/// </para>
/// Not thread-safe, except for <see cref="Known"/>.
/// </summary>
internal sealed class HeardStatus
{
    private RegionStatus? _status;
    private long _known;

    /// <value>The status version to send with the next beat. 0 before the first ack, and when the region does not support versions.</value>
    public long Known => Volatile.Read(ref _known);

    /// <value>Whether the region has shown that it supports status versions.</value>
    public bool Versioned => Known != 0;

    /// <summary>
    /// The region's whole status after this ack; the same object if nothing has changed. Null if the ack is inconsistent; the next ack must then bring
    /// everything.
    /// </summary>
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
