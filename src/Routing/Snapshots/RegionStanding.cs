namespace Meridian.Routing.Snapshots;

/// <summary>
/// What stands for or against a region. The order is that of preference: all up to <see cref="Broken"/> may serve, <see cref="Draining"/> and <see cref="Unheard"/> as the last resort;
/// the first kind that has any is taken.
/// </summary>
public enum RegionStanding
{
    /// <summary>Alive, ready, with room in its queues.</summary>
    Ready = 0,

    /// <summary>Alive, but its queues were full a beat ago: at worst it refuses within a round trip.</summary>
    Full = 1,

    /// <summary>Silent for longer than is usual.</summary>
    Suspect = 2,

    SuspectFull = 3,

    /// <summary>Heard, but too many of this edge's last requests to it failed: its breaker is open.</summary>
    Broken = 4,

    /// <summary>It takes nothing new: only for a request that asks for the last resort.</summary>
    Draining = 5,

    /// <summary>Dead or Unknown: only for a request that asks for the last resort.</summary>
    Unheard = 6,

    /// <summary>Alive, but without a ready replica of the model (and version and variant).</summary>
    NotReady = 7,

    /// <summary>Already tried for this request.</summary>
    Excluded = 8,

    /// <summary>The model is not deployed to it.</summary>
    NotDeployed = 9,

    /// <summary>The data may not enter its jurisdiction.</summary>
    Forbidden = 10,
}
