namespace Meridian.Simulation.Engine;

/// <summary>The clock of the simulation: stands until the next event.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    /// <value>Ms since the beginning.</value>
    public double NowMs { get; set; }

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => (long)(NowMs * 1000);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddMilliseconds(NowMs);
}
