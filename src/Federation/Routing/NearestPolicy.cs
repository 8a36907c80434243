namespace Meridian.Federation.Routing;

/// <summary>Least round trip, whatever the load: for callers who pay for distance.</summary>
internal sealed class NearestPolicy : IRoutingPolicy
{
    public string Name => "nearest";

    public double Score(in RegionFacts facts) => facts.RoundTripMs;

    public double Margin(double nearEqualMs) => nearEqualMs;
}
