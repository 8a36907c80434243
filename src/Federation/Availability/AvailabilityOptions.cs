namespace Meridian.Federation.Availability;

/// <summary>When an edge stops sending requests to a region that lives but fails them, and how gently one that returns is loaded.</summary>
public sealed class AvailabilityOptions
{
    /// <value>Share of failed attempts from which a region's breaker opens, above 0 to 1. Default 0.5.</value>
    public double FailureRatio { get; set; } = 0.5;

    /// <value>Attempts within <see cref="SamplingWindow"/> below which nothing is concluded, 2 or more. Default 10.</value>
    public int MinimumThroughput { get; set; } = 10;

    /// <value>How far back attempts count. Default 10 s.</value>
    public TimeSpan SamplingWindow { get; set; } = TimeSpan.FromSeconds(10);

    /// <value>How long a breaker stays open before the region is tried again. Default 2 s; doubles with every trial that fails, up to <see cref="MaxBreak"/>.</value>
    public TimeSpan Break { get; set; } = TimeSpan.FromSeconds(2);

    /// <value>Longest time that a breaker stays open before the next trial. Default 30 s.</value>
    public TimeSpan MaxBreak { get; set; } = TimeSpan.FromSeconds(30);

    /// <value>Attempts that must be answered, one after another, before a half-open breaker closes. Default 3.</value>
    public int Probes { get; set; } = 3;

    /// <value>How long a region that has returned takes to come to its fair load. Default 10 s; zero gives it all at once.</value>
    public TimeSpan SlowStart { get; set; } = TimeSpan.FromSeconds(10);

    /// <value>Share of its fair load that a region which has returned begins with, above 0 to 1. Default 0.1.</value>
    public double SlowStartFloor { get; set; } = 0.1;

    /// <value>Shape of the way up, above 0: 1 (default) is a straight line, more rises fast at first, less late.</value>
    public double SlowStartAggression { get; set; } = 1;
}
