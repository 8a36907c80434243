namespace Meridian.Federation.Routing;

/// <summary>How a decision ended.</summary>
public enum RoutingVerdict
{
    /// <summary>There is a region to send to.</summary>
    Route,

    /// <summary>No intent names such a model.</summary>
    ModelNotFound,

    /// <summary>No region in a permitted jurisdiction has the model.</summary>
    ResidencyUnavailable,

    /// <summary>Regions that may serve are alive, but none has a ready replica.</summary>
    NotReady,

    /// <summary>Regions that may serve are all dead or were never heard of.</summary>
    RegionLost,

    /// <summary>Every region that may serve has been tried.</summary>
    Exhausted,

    /// <summary>No intent is known yet.</summary>
    NoIntent,
}
