namespace Meridian.Federation.Routing;

/// <summary>Least time until the answer is here: round trip, then the queue, then the service.</summary>
internal sealed class ExpectedCompletionPolicy : IRoutingPolicy
{
    public string Name => "expected-completion";

    public double Score(in RegionFacts facts) => facts.RoundTripMs + facts.QueueMs + facts.ServiceMs;

    public double Margin(double nearEqualMs) => nearEqualMs;
}
