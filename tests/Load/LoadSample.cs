namespace Meridian.Load;

/// <summary>One request of a load: when it was due, how it ended.</summary>
/// <param name="Index">0 for the first request of the load.</param>
/// <param name="Due">When the schedule wanted it sent, since the start of the load.</param>
/// <param name="Latency">From <paramref name="Due"/> to the last byte of the answer: a generator that lags behind its schedule shows as latency, not as less load.</param>
/// <param name="Status">HTTP status, or 0 where no answer came.</param>
/// <param name="Region">Region that served (<c>x-meridian-region</c>), or null.</param>
/// <param name="Attempts">Regions that were tried (<c>x-meridian-attempts</c>), or 0.</param>
/// <param name="Error">Why the request failed, with the head of the answer's body; null for a success.</param>
public sealed record LoadSample(int Index, TimeSpan Due, TimeSpan Latency, int Status, string? Region, int Attempts, string? Error)
{
    /// <value>When the answer was complete, since the start of the load.</value>
    public TimeSpan Done => Due + Latency;
}
