using System.Collections.Concurrent;
using System.Text.Json;
using Meridian.Cluster.Tests.Harness;

namespace Meridian.Wan.Scenarios;

/// <summary>Asks the edge of a site again and again what it thinks of the regions, as an operator's console would, and keeps what changes.</summary>
/// <param name="site">Site of the edge and of who asks.</param>
/// <param name="http">Of that site.</param>
/// <param name="edge">The edge.</param>
/// <param name="time">Clock.</param>
internal sealed class RegionWatch(string site, HttpClient http, Uri edge, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<Sight> _changes = new();
    private readonly ConcurrentQueue<Sight> _sights = new();
    private readonly long _origin = time.GetTimestamp();

    public string Site => site;

    /// <value>Changes of status, in the order they were seen; the first of a region is what it was in the beginning.</value>
    public IReadOnlyCollection<Sight> Changes => _changes;

    /// <value>All that was seen.</value>
    public IReadOnlyCollection<Sight> Sights => _sights;

    public async Task RunAsync(CancellationToken stop)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        while (!stop.IsCancellationRequested)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
            patience.CancelAfter(Patience);
            try
            {
                foreach (var region in await new Edge(edge, http).RegionsAsync(patience.Token))
                {
                    var sight = new Sight(time.GetElapsedTime(_origin), site, region.Name, region.Status.ToLowerInvariant(), region.RoundTripMs, region.ClockOffMs);
                    _sights.Enqueue(sight);
                    if (!known.TryGetValue(region.Name, out var status) || status != sight.Status)
                    {
                        known[region.Name] = sight.Status;
                        _changes.Enqueue(sight);
                    }
                }

                await Task.Delay(Pause, time, stop);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or JsonException)
            {
                // An edge that is cut off from nobody but dead or frozen cannot be asked; a pause, so that one that refuses is not asked without end.
                await Task.Delay(Pause, time, CancellationToken.None);
            }
        }
    }

    /// <param name="At">Since the start of the watch.</param>
    /// <param name="Observer">Site of the edge.</param>
    /// <param name="Region">Whom it looked at.</param>
    /// <param name="Status"><c>alive</c>, <c>suspect</c>, <c>dead</c>, <c>unknown</c>.</param>
    /// <param name="RoundTripMs">Its estimate, ms.</param>
    /// <param name="ClockOffMs">How far it finds that region's clock ahead of its own, ms.</param>
    internal sealed record Sight(TimeSpan At, string Observer, string Region, string Status, double? RoundTripMs, double? ClockOffMs);
}
