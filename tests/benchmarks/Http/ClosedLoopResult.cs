namespace Meridian.Benchmarks.Http;

/// <param name="Requests">Answered in the measured time.</param>
/// <param name="Seconds">Measured time.</param>
/// <param name="CpuSeconds">Processor time that the servers spent in it.</param>
/// <param name="P50Ms">Median time of a request, ms.</param>
/// <param name="P99Ms">99th percentile, ms.</param>
public sealed record ClosedLoopResult(int Requests, double Seconds, double CpuSeconds, double P50Ms, double P99Ms)
{
    public double PerSecond => Requests / Seconds;

    /// <value>Processor time of the servers for one request, microseconds.</value>
    public double CpuMicroseconds => CpuSeconds * 1e6 / Requests;
}
