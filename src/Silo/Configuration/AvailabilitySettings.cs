using Meridian.Federation.Availability;
using Meridian.Routing.Options;

namespace Meridian.Silo.Configuration;

/// <summary>
/// Section <c>Meridian:Availability</c>: when this edge stops sending requests to a region that is alive but fails them, and how slowly it increases the load
/// of a returning region.
/// </summary>
public sealed class AvailabilitySettings
{
    private static readonly AvailabilityOptions Usual = new();

    /// <value>See <see cref="AvailabilityOptions.FailureRatio"/>. 0.01 to 1.</value>
    public double FailureRatio { get; set; } = Usual.FailureRatio;

    /// <value>See <see cref="AvailabilityOptions.MinimumThroughput"/>. 2 to 1000000.</value>
    public int MinimumThroughput { get; set; } = Usual.MinimumThroughput;

    /// <value>See <see cref="AvailabilityOptions.SamplingWindow"/>, seconds, 0.5 to 86400.</value>
    public double SamplingSeconds { get; set; } = Usual.SamplingWindow.TotalSeconds;

    /// <value>See <see cref="AvailabilityOptions.Break"/>, seconds, 0.5 to <see cref="MaxBreakSeconds"/>.</value>
    public double BreakSeconds { get; set; } = Usual.Break.TotalSeconds;

    /// <value>See <see cref="AvailabilityOptions.MaxBreak"/>, seconds, 0.5 to 86400.</value>
    public double MaxBreakSeconds { get; set; } = Usual.MaxBreak.TotalSeconds;

    /// <value>See <see cref="AvailabilityOptions.Probes"/>. 1 to 1000.</value>
    public int Probes { get; set; } = Usual.Probes;

    /// <value>See <see cref="RoutingOptions.HalfOpenShare"/>. 0.0001 to 1.</value>
    public double HalfOpenShare { get; set; } = new RoutingOptions().HalfOpenShare;

    /// <value>See <see cref="AvailabilityOptions.SlowStart"/>, seconds, 0 to 3600.</value>
    public double SlowStartSeconds { get; set; } = Usual.SlowStart.TotalSeconds;

    /// <value>See <see cref="AvailabilityOptions.SlowStartFloor"/>. 0.0001 to 1.</value>
    public double SlowStartFloor { get; set; } = Usual.SlowStartFloor;

    /// <value>See <see cref="AvailabilityOptions.SlowStartAggression"/>. 0.01 to 100.</value>
    public double SlowStartAggression { get; set; } = Usual.SlowStartAggression;

    /// <summary>The same values as options of the federation.</summary>
    public AvailabilityOptions ToOptions() => new()
    {
        FailureRatio = FailureRatio,
        MinimumThroughput = MinimumThroughput,
        SamplingWindow = TimeSpan.FromSeconds(SamplingSeconds),
        Break = TimeSpan.FromSeconds(BreakSeconds),
        MaxBreak = TimeSpan.FromSeconds(MaxBreakSeconds),
        Probes = Probes,
        SlowStart = TimeSpan.FromSeconds(SlowStartSeconds),
        SlowStartFloor = SlowStartFloor,
        SlowStartAggression = SlowStartAggression,
    };
}
