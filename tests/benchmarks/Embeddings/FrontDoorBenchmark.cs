using System.Diagnostics;
using System.Globalization;
using System.Net;
using Meridian.Benchmarks.Http;
using Meridian.Cluster.Tests.Harness;
using Meridian.Inference;
using Meridian.Inference.Engines;
using Meridian.Inference.Packages;
using Meridian.Load;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Benchmarks.Embeddings;

/// <summary>
/// What the service adds for one caller: front door to answer against the same engine called in process, the same texts in turn. Blocks of both alternate, so that
/// whatever the machine does meanwhile it does to both.
/// </summary>
public sealed class FrontDoorBenchmark(int rounds)
{
    private const string Region = "eastus";
    private const int Block = 20;

    public async Task RunAsync(Goals goals)
    {
        using var data = new TemporaryDirectory();
        await using var installation = new Installation(data.Path, regions: 1, Models.MiniLm);
        installation.StartRegion(Region);
        var (_, edge) = installation.StartFrontDoor();
        await installation.SeesAsync(edge, "minilm", Region);

        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        services.AddMeridianInference(store => store.Root = installation.ModelStore(Region));
        await using var provider = services.BuildServiceProvider();
        var package = provider.GetRequiredService<IModelStore>().Open("minilm");
        await using var engine = (IEmbeddingEngine)await provider.GetRequiredService<EngineCatalog>().CreateAsync(package, new EngineOptions(), CancellationToken.None);

        var requests = new EmbeddingRequests("minilm", seed: 1);
        var server = new IPEndPoint(IPAddress.Loopback, edge.Address.Port);
        var wire = requests.Texts.Select((_, i) => RawConnection.Post(server, "/v1/embeddings", requests.Body(i))).ToArray();
        var works = requests.Texts.Select(text => new EmbeddingWork { Texts = [text] }).ToArray();
        using var connection = new RawConnection(server);

        var alone = new List<double>();
        var through = new List<double>();
        for (var round = -20; round < rounds; round++)
        {
            for (var i = 0; i < Block; i++)
            {
                var text = ((round + 20) * Block + i) % works.Length;
                var started = Stopwatch.GetTimestamp();
                await engine.EmbedAsync(works[text], CancellationToken.None);
                Keep(alone, started, round);
            }

            for (var i = 0; i < Block; i++)
            {
                var text = ((round + 20) * Block + i) % works.Length;
                var started = Stopwatch.GetTimestamp();
                connection.Exchange(wire[text]);
                Keep(through, started, round);
            }
        }

        var (a, t) = (Percentiles.Of(alone), Percentiles.Of(through));
        static string Text(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
        Table.Print(
            $"(b) One caller: front door to answer against the engine alone, {a.Count} requests each, in alternating blocks of {Block}",
            ["", "p50 ms", "p90 ms", "p99 ms"],
            ["engine in process", Text(a.P50), Text(a.P90), Text(a.P99)],
            ["front door to answer", Text(t.P50), Text(t.P90), Text(t.P99)],
            ["added", Text(t.P50 - a.P50), Text(t.P90 - a.P90), Text(t.P99 - a.P99)]);
        goals.AtMost("(b) added at the median, ms", t.P50 - a.P50, 1.5);
    }

    private static void Keep(List<double> times, long started, int round)
    {
        if (round >= 0)
        {
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
    }
}
