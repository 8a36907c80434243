using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Decision;

/// <summary>The region for the next attempt. For the next best region, decide again with this region in the excluded ones.</summary>
/// <param name="Verdict">The reason if there is no region.</param>
/// <param name="Choice">The region, or null.</param>
/// <param name="Index">Position of the region in the intent's regions and in the snapshot's <see cref="DirectorySnapshot.ViewsInOrder"/>; -1 if there is no
/// region.</param>
/// <param name="Standing">Standing of the region; <see cref="RegionStanding.Forbidden"/> if there is no region.</param>
/// <param name="Score">The policy's score of the region; NaN if there is no region.</param>
public readonly record struct RoutingDecision(RoutingVerdict Verdict, RegionMember? Choice, int Index, RegionStanding Standing, double Score)
{
    internal static RoutingDecision None(RoutingVerdict verdict) => new(verdict, null, -1, RegionStanding.Forbidden, double.NaN);
}

/// <summary>How a decision ended.</summary>
public enum RoutingVerdict
{
    /// <summary>There is a region to send to.</summary>
    Route,

    /// <summary>The intent has no model of this name.</summary>
    ModelNotFound,

    /// <summary>No region permitted by the request's data boundary can serve the model.</summary>
    ResidencyUnavailable,

    /// <summary>Regions that may serve are alive, but none has a ready replica.</summary>
    NotReady,

    /// <summary>Every region that may serve is draining, dead or was never heard of.</summary>
    RegionLost,

    /// <summary>Every region that may serve has been tried.</summary>
    Exhausted,

    /// <summary>This process has no intent yet.</summary>
    NoIntent,
}
