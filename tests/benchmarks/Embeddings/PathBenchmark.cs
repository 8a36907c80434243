using System.Globalization;
using System.Net;
using System.Text;
using Meridian.Benchmarks.Http;
using Meridian.Cluster.Tests.Harness;
using Meridian.Load;

namespace Meridian.Benchmarks.Embeddings;

/// <summary>
/// What the path costs: a no-op model through front door, region protocol, router and shard, against a bare Kestrel that reads the same requests and sends the same
/// answers. Closed loop, both servers up all the time, measured in turn.
/// </summary>
public sealed class PathBenchmark(int pairs, double seconds, int connections)
{
    private const string Region = "eastus";

    public async Task RunAsync(Goals goals)
    {
        using var data = new TemporaryDirectory();
        var package = Path.Combine(data.Path, "noop");
        NoOpPackage.Write(package);
        await using var installation = new Installation(data.Path, regions: 1, Models.Entry(0, NoOpPackage.Model, package, ("Kind", NoOpPackage.Kind)), Self.Program);
        var region = installation.StartRegion(Region);
        var (door, edge) = installation.StartFrontDoor();
        await installation.SeesAsync(edge, NoOpPackage.Model, Region);

        var requests = new EmbeddingRequests(NoOpPackage.Model, seed: 1);
        var bodies = Path.Combine(data.Path, "bodies");
        await File.WriteAllLinesAsync(bodies, Enumerable.Range(0, 64).Select(i => Encoding.UTF8.GetString(requests.Body(i))));
        var meridian = new IPEndPoint(IPAddress.Loopback, edge.Address.Port);
        var facade = new IPEndPoint(IPAddress.Loopback, installation.Facade(Region).Address.Port);
        var answer = Path.Combine(data.Path, "answer");
        await File.WriteAllBytesAsync(answer, FirstAnswer(meridian, requests));

        var echoAddress = new IPEndPoint(IPAddress.Loopback, FreePorts.Range(1));
        await using var echo = Self.Program.Start("echo", [EchoCommand.Name, echoAddress.ToString(), answer]);
        await echo.LineAsync(line => line == "echo listens", "that it listens", TimeSpan.FromSeconds(20));

        var measured = new Dictionary<string, List<ClosedLoopResult>> { ["echo"] = [], ["front door"] = [], ["facade"] = [] };
        for (var pair = -1; pair < pairs; pair++)
        {
            foreach (var (name, server, processes) in new[]
            {
                ("echo", echoAddress, new[] { echo.Id }), ("front door", meridian, [door.Id, region.Id]), ("facade", facade, [region.Id]),
            })
            {
                var result = await LoadCommand.InChildAsync(server, "/v1/embeddings", bodies, connections, warmup: pair < 0 ? 8 : 1, seconds, processes);
                if (pair >= 0)
                {
                    measured[name].Add(result);
                }

                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(pair < 0 ? "warm-up" : $"pair {pair + 1}")} {name,-10} {result.PerSecond,8:0} requests/s {result.CpuMicroseconds,7:0.0} us CPU/request p50 {result.P50Ms:0.00} ms p99 {result.P99Ms:0.00} ms"));
            }
        }

        double Median(string name, Func<ClosedLoopResult, double> value) => Percentiles.Median(measured[name].Select(value));
        double Ratio(string name, Func<ClosedLoopResult, double> value) =>
            Percentiles.Median(measured[name].Zip(measured["echo"], (m, e) => value(m) / value(e)));
        string[] Row(string label, string name) =>
        [
            label,
            Text(Median(name, r => r.PerSecond), "0"), Text(Ratio(name, r => r.PerSecond), "0.000"),
            Text(Median(name, r => r.CpuMicroseconds), "0.0"), Text(Ratio(name, r => r.CpuMicroseconds), "0.0"),
            Text(Median(name, r => r.P50Ms), "0.00"), Text(Median(name, r => r.P99Ms), "0.00"),
        ];
        Table.Print(
            $"(c) A no-op model through the whole path against a bare Kestrel echo; {connections} connections, medians of {pairs} interleaved rounds of {seconds:0} s",
            ["server", "requests/s", "of echo's", "CPU us/request", "times echo's", "p50 ms", "p99 ms"],
            Row("Kestrel echo", "echo"),
            Row("front door -> region protocol -> router -> shard", "front door"),
            Row("facade -> router -> shard", "facade"));
        foreach (var name in new[] { "front door", "facade" })
        {
            goals.AtLeast($"(c) {name}, requests/s of the echo's", Ratio(name, r => r.PerSecond), 1 / 3.0);
        }
    }

    private static byte[] FirstAnswer(IPEndPoint server, EmbeddingRequests requests)
    {
        using var connection = new RawConnection(server);
        return connection.Exchange(RawConnection.Post(server, "/v1/embeddings", requests.Body(0))).ToArray();
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
