namespace Meridian.Federation.Routing;

/// <summary>What stands for or against a region. The order is that of preference: all up to <see cref="SuspectFull"/> may serve, the first kind that has any is taken.</summary>
public enum RegionStanding
{
    /// <summary>Alive, ready, with room in its queues.</summary>
    Ready = 0,

    /// <summary>Alive, but its queues were full a beat ago: at worst it refuses within a round trip.</summary>
    Full = 1,

    /// <summary>Silent for longer than is usual.</summary>
    Suspect = 2,

    SuspectFull = 3,

    /// <summary>Dead or Unknown: only for a request that asks for the last resort.</summary>
    Unheard = 4,

    /// <summary>Alive, but without a ready replica of the model (and version and variant).</summary>
    NotReady = 5,

    /// <summary>Already tried for this request.</summary>
    Excluded = 6,

    /// <summary>The model is not deployed to it.</summary>
    NotDeployed = 7,

    /// <summary>The data may not enter its jurisdiction.</summary>
    Forbidden = 8,
}
