using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Meridian.Load;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>What the edges of this process record of streams that went on elsewhere: meter <c>Meridian.Federation</c>, <c>meridian.failover.*</c>.</summary>
public sealed class FailoverPhases : IDisposable
{
    private const string Prefix = "meridian.failover.";

    private readonly ConcurrentDictionary<(string Phase, string Kind), ConcurrentQueue<double>> _times = new();
    private readonly MeterListener _listener = new();

    public FailoverPhases()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name.StartsWith(Prefix, StringComparison.Ordinal))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((instrument, ms, tags, _) =>
        {
            foreach (var (name, value) in tags)
            {
                if (name == "kind" && value is string kind)
                    _times.GetOrAdd((instrument.Name[Prefix.Length..], kind), _ => new ConcurrentQueue<double>()).Enqueue(ms);
            }
        });
        _listener.Start();
    }

    /// <param name="phase"><c>detect</c>, <c>decide</c>, <c>reopen</c> or <c>stall</c>.</param>
    /// <param name="kind"><c>stream</c> or <c>request</c>.</param>
    public Percentiles Of(string phase, string kind = "stream") => Percentiles.Of(_times.TryGetValue((phase, kind), out var times) ? times.ToArray() : []);

    public void Dispose() => _listener.Dispose();

    public override string ToString() => string.Join(Environment.NewLine, new[] { "detect", "decide", "reopen", "stall" }.Select(phase => $"  {phase,-7} {Of(phase)}"));
}
