namespace Meridian.Routing.Tests.Simulation;

/// <summary>An edge of a simulated world.</summary>
/// <param name="Name">Name.</param>
/// <param name="RatePerSecond">Requests that enter there, by time (ms): a Poisson process of that rate.</param>
/// <param name="RoundTripsMs">To each region, in the world's order, by time (ms).</param>
internal sealed record SimulatedEdge(string Name, Func<double, double> RatePerSecond, Func<double, double>[] RoundTripsMs)
{
    public static SimulatedEdge Steady(string name, double ratePerSecond, params double[] roundTripsMs) =>
        new(name, _ => ratePerSecond, Array.ConvertAll(roundTripsMs, ms => new Func<double, double>(_ => ms)));
}
