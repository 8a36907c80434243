using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Decision;

/// <summary>Where to send. The next best is a second decision with the first choice among the excluded.</summary>
/// <param name="Verdict">Why there is no choice where there is none.</param>
/// <param name="Choice">The region to send to, or null.</param>
/// <param name="Index">Its position in the intent's regions and in the snapshot's <see cref="DirectorySnapshot.ViewsInOrder"/>; -1 where there is none.</param>
/// <param name="Standing">Its standing; <see cref="RegionStanding.Forbidden"/> where there is none.</param>
/// <param name="Score">What the policy chose it by; NaN where there is none.</param>
public readonly record struct RoutingDecision(RoutingVerdict Verdict, RegionMember? Choice, int Index, RegionStanding Standing, double Score)
{
    internal static RoutingDecision None(RoutingVerdict verdict) => new(verdict, null, -1, RegionStanding.Forbidden, double.NaN);
}

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
