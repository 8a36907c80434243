using System.Globalization;
using Meridian.Benchmarks.Liveness;
using Meridian.Cluster.Tests.Harness;
using Meridian.Federation.Directory;
using Meridian.Federation.Tests.Liveness;
using Meridian.Silo.Configuration;

namespace Meridian.Benchmarks.Suspicion;

/// <summary>Watches an installation's regions over links with jitter, and counts what it takes them for.</summary>
public sealed class DistantObserver : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly LinkRelay[] _links;
    private readonly Observer _observer;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;
    private int _suspicions;
    private int _deaths;

    private DistantObserver(LinkRelay[] links, Observer observer)
    {
        _links = links;
        _observer = observer;
        _watching = WatchAsync();
    }

    public string Suspicions => Volatile.Read(ref _suspicions).ToString(CultureInfo.InvariantCulture);

    public string Deaths => Volatile.Read(ref _deaths).ToString(CultureInfo.InvariantCulture);

    public static async Task<DistantObserver> StartAsync(DevInstallation installation, double jitterMs)
    {
        var random = new Random(17);
        TimeSpan Delay()
        {
            lock (random)
            {
                return TimeSpan.FromMilliseconds(random.NextDouble() * jitterMs);
            }
        }

        var links = installation.Regions.Select((_, i) => new LinkRelay(new Uri($"http://127.0.0.1:{PortPlan.Region(installation.PortsFrom, i + 1).Protocol}"), Delay)).ToArray();
        var observer = await Observer.StartAsync(installation.Regions.Zip(links, (name, link) => (name, link.Address)));
        await observer.UntilAsync(s => s.ViewsInOrder.All(v => v.Health == RegionHealth.Alive), Patience);
        return new DistantObserver(links, observer);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        await _observer.DisposeAsync();
        foreach (var link in _links)
        {
            await link.DisposeAsync();
        }

        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            for (var known = _observer.Directory.Current; ;)
            {
                var next = await _observer.Directory.WaitForChangeAsync(known, _stop.Token);
                for (var i = 0; i < next.ViewsInOrder.Length; i++)
                {
                    if (next.ViewsInOrder[i].Health == known.ViewsInOrder[i].Health)
                    {
                        continue;
                    }

                    Console.WriteLine($"over jitter: {next.ViewsInOrder[i].Name} went from {known.ViewsInOrder[i].Health} to {next.ViewsInOrder[i].Health}");
                    _suspicions += next.ViewsInOrder[i].Health == RegionHealth.Suspect ? 1 : 0;
                    _deaths += next.ViewsInOrder[i].Health == RegionHealth.Dead ? 1 : 0;
                }

                known = next;
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
