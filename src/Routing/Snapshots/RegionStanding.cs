namespace Meridian.Routing.Snapshots;

/// <summary>
/// The state of a region for a request. The values are ordered by preference, and the best standing that any region has is used. Regions up to
/// <see cref="Broken"/> may serve. Regions with <see cref="Draining"/> and <see cref="Unheard"/> serve only as the last resort.
/// </summary>
public enum RegionStanding
{
    /// <summary>Alive and ready, and its queues have room.</summary>
    Ready = 0,

    /// <summary>Alive, but its queues were full at the last heartbeat. At worst the region refuses within one round trip.</summary>
    Full = 1,

    /// <summary>Silent for longer than usual.</summary>
    Suspect = 2,

    SuspectFull = 3,

    /// <summary>Heard of, but its circuit breaker is open: too many recent requests of this edge to it failed.</summary>
    Broken = 4,

    /// <summary>Takes no new requests. Only for a request that allows the last resort.</summary>
    Draining = 5,

    /// <summary>Dead or Unknown. Only for a request that allows the last resort.</summary>
    Unheard = 6,

    /// <summary>Heard of, but without a ready replica of the model, version and variant.</summary>
    NotReady = 7,

    /// <summary>Already tried for this request.</summary>
    Excluded = 8,

    /// <summary>The model is not deployed to the region.</summary>
    NotDeployed = 9,

    /// <summary>The request's data may not enter this region.</summary>
    Forbidden = 10,
}
