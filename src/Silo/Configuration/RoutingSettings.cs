using Meridian.Federation.Configuration;
using Meridian.Routing;
using Meridian.Routing.Options;

namespace Meridian.Silo.Configuration;

/// <summary>Section <c>Meridian:Routing</c>: how this edge chooses the region of a request.</summary>
public sealed class RoutingSettings
{
    private static readonly RoutingOptions Usual = new();

    /// <value>Policy for models without a policy of their own. Default <c>expected-completion</c>.</value>
    public string Policy { get; set; } = RoutingPolicyNames.Default;

    /// <value>Expected completion times that differ by at most this much count as equal, ms, 0 to 10000. Default 5.</value>
    public double NearEqualMs { get; set; } = new FederationOptions().NearEqualMs;

    /// <value>See <see cref="RoutingOptions.HighWaterMs"/>. Above 0, up to 3600000.</value>
    public double HighWaterMs { get; set; } = Usual.HighWaterMs;

    /// <value>See <see cref="RoutingOptions.LowWaterMs"/>. 0 to less than <see cref="HighWaterMs"/>.</value>
    public double LowWaterMs { get; set; } = Usual.LowWaterMs;

    /// <value>See <see cref="RoutingOptions.LowWaterFor"/>, seconds, 0 to 3600.</value>
    public double LowWaterSeconds { get; set; } = Usual.LowWaterFor.TotalSeconds;

    /// <value>See <see cref="RoutingOptions.AffinityExtraMs"/>. 0 to 3600000.</value>
    public double AffinityExtraMs { get; set; } = Usual.AffinityExtraMs;

    /// <value>See <see cref="RoutingOptions.AffinityExtraRequests"/>. 0 to 1000000.</value>
    public double AffinityExtraRequests { get; set; } = Usual.AffinityExtraRequests;

    /// <value>See <see cref="RoutingOptions.AffinityRatio"/>. 1 to 1000.</value>
    public double AffinityRatio { get; set; } = Usual.AffinityRatio;

    /// <value>See <see cref="RoutingOptions.FlexPolicy"/>.</value>
    public string FlexPolicy { get; set; } = Usual.FlexPolicy;

    /// <value>See <see cref="RoutingOptions.FlexExtra"/>, seconds, 0 to 86400.</value>
    public double FlexExtraSeconds { get; set; } = Usual.FlexExtra.TotalSeconds;

    /// <value>See <see cref="RoutingOptions.FlexLoad"/>, 0 to 1.</value>
    public double FlexLoad { get; set; } = Usual.FlexLoad;

    /// <summary>The same values as options of the federation.</summary>
    public RoutingOptions ToOptions() => new()
    {
        HighWaterMs = HighWaterMs,
        LowWaterMs = LowWaterMs,
        LowWaterFor = TimeSpan.FromSeconds(LowWaterSeconds),
        AffinityExtraMs = AffinityExtraMs,
        AffinityExtraRequests = AffinityExtraRequests,
        AffinityRatio = AffinityRatio,
        FlexPolicy = FlexPolicy,
        FlexExtra = TimeSpan.FromSeconds(FlexExtraSeconds),
        FlexLoad = FlexLoad,
    };
}
