using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Meridian.Benchmarks.Http;
using Meridian.Cluster.Tests.Harness;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Load;

namespace Meridian.Benchmarks.Generation;

/// <summary>
/// (b) and (c): the same model, streams and lengths through the front door and in an engine of this process. Three regions run in both arms; the model is served by one of
/// them, so that one engine works in either arm.
/// </summary>
public sealed class GenerationPathBenchmark(GenerationModel model, int pairs, int streams, int tokens, int probes)
{
    private const int PromptTokens = 16;
    private const string Serving = "eastus";

    public async Task RunAsync(bool throughput, bool firstToken, Goals goals)
    {
        using var data = new TemporaryDirectory();
        await using var installation = new Installation(
            data.Path, regions: 3, Models.Entry(0, model.Name, model.Folder, ("Kind", "generation"), ("Regions:0", Serving), ("IntraOpThreads", model.Threads.ToString(CultureInfo.InvariantCulture)), ("PrefixCache", model.PrefixCache ? "true" : "false")));
        var processes = new List<int>();
        foreach (var region in installation.Regions)
        {
            processes.Add(installation.StartRegion(region).Id);
        }

        var (door, edge) = installation.StartFrontDoor();
        processes.Add(door.Id);
        await installation.SeesAsync(edge, model.Name, Serving);
        await using var engine = await model.EngineAsync();
        var server = new IPEndPoint(IPAddress.Loopback, edge.Address.Port);
        var random = new Random(5);
        if (throughput)
        {
            await ThroughputAsync(engine, server, processes, data.Path, random, goals);
        }

        if (firstToken)
        {
            await FirstTokenAsync(engine, server, new IPEndPoint(IPAddress.Loopback, installation.Facade(Serving).Address.Port), random, goals);
        }
    }

    private async Task ThroughputAsync(IGenerationEngine engine, IPEndPoint server, List<int> processes, string folder, Random random, Goals goals)
    {
        var ratios = new List<double>();
        var path = new List<double>();
        var alone = new List<double>();
        var cost = new List<double>();
        for (var pair = -1; pair < pairs; pair++)
        {
            double pathRate = 0, engineRate = 0, pathCpu = 0, engineCpu = 0;
            for (var turn = pair + 1; turn < pair + 3; turn++)
            {
                var prompts = EngineStreams.Prompts(random, streams, PromptTokens, model.Vocabulary);
                if (turn % 2 == 0)
                {
                    var bodies = Path.Combine(folder, "bodies.jsonl");
                    await File.WriteAllLinesAsync(bodies, prompts.Select(prompt => Body(prompt, tokens)));
                    var result = await StreamLoadCommand.InChildAsync(server, tokens, bodies, processes);
                    (pathRate, pathCpu) = (result.PerSecond, result.CpuSeconds * 1e6 / result.Tokens);
                }
                else
                {
                    // The regions that idle meanwhile are counted too: what they spend is no part of the path.
                    var idle = processes.Aggregate(TimeSpan.Zero, (sum, pid) => sum + ProcStat.Cpu(pid));
                    var cpu = Environment.CpuUsage.TotalTime;
                    var (seconds, _) = await EngineStreams.RunAsync(engine, prompts, tokens);
                    var spent = Environment.CpuUsage.TotalTime - cpu + processes.Aggregate(TimeSpan.Zero, (sum, pid) => sum + ProcStat.Cpu(pid)) - idle;
                    (engineRate, engineCpu) = (streams * tokens / seconds, spent.TotalSeconds * 1e6 / (streams * tokens));
                }
            }

            if (pair < 0)
            {
                continue;
            }

            ratios.Add(pathRate / engineRate);
            path.Add(pathRate);
            alone.Add(engineRate);
            cost.Add(pathCpu - engineCpu);
        }

        Table.Print(
            $"(b) {model.Name}: {streams} streams of {tokens} tokens through the front door against the engine alone, medians of {pairs} interleaved pairs",
            ["", "tokens/s", "of the engine's", "CPU us a token added"],
            ["engine in process", Text(Percentiles.Median(alone), "0"), "1", ""],
            ["front door -> region -> engine", Text(Percentiles.Median(path), "0"), Text(Percentiles.Median(ratios), "0.000"), Text(Percentiles.Median(cost), "0.0")]);
        goals.AtMost($"(b) {model.Name}, CPU us a token added", Percentiles.Median(cost), 25);
        if (model.IsLarge) goals.AtLeast($"(b) {model.Name}, path / engine", Percentiles.Median(ratios), 0.95);
    }

    private async Task FirstTokenAsync(IGenerationEngine engine, IPEndPoint frontDoor, IPEndPoint facade, Random random, Goals goals)
    {
        const int Generated = 4;
        using var far = new RawConnection(frontDoor);
        using var near = new RawConnection(facade);
        List<double> alone = [], throughDoor = [], throughFacade = [];
        for (var probe = -100; probe < probes; probe++)
        {
            var prompts = EngineStreams.Prompts(random, 3, PromptTokens, model.Vocabulary);
            var started = Stopwatch.GetTimestamp();
            var arrivals = new List<long>();
            await EngineStreams.ReadAsync(EngineStreams.Open(engine, prompts[0], Generated), arrivals);
            var inProcess = Stopwatch.GetElapsedTime(started, arrivals[0]).TotalMilliseconds;
            var door = First(far, frontDoor, prompts[1]);
            var own = First(near, facade, prompts[2]);
            if (probe >= 0)
            {
                alone.Add(inProcess);
                throughDoor.Add(door);
                throughFacade.Add(own);
            }
        }

        var (a, d, f) = (Percentiles.Of(alone), Percentiles.Of(throughDoor), Percentiles.Of(throughFacade));
        Table.Print(
            $"(c) {model.Name}: time to first token at idle, {probes} requests each, in turn, of {PromptTokens} prompt tokens",
            ["", "p50 ms", "p90 ms", "p99 ms", "added at p50"],
            ["engine in process", Text(a.P50, "0.00"), Text(a.P90, "0.00"), Text(a.P99, "0.00"), ""],
            ["region's facade", Text(f.P50, "0.00"), Text(f.P90, "0.00"), Text(f.P99, "0.00"), Text(f.P50 - a.P50, "0.00")],
            ["front door", Text(d.P50, "0.00"), Text(d.P90, "0.00"), Text(d.P99, "0.00"), Text(d.P50 - a.P50, "0.00")]);
        goals.AtMost($"(c) {model.Name}, added at the median by the front door, ms", d.P50 - a.P50, 2);

        double First(RawConnection connection, IPEndPoint server, int[] prompt)
        {
            var request = RawConnection.Post(server, "/v1/completions", Encoding.UTF8.GetBytes(Body(prompt, Generated)));
            var started = Stopwatch.GetTimestamp();
            double? first = null;
            connection.Stream(request, _ => first ??= Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            return first!.Value;
        }
    }

    private string Body(int[] prompt, int generated) =>
        JsonSerializer.Serialize(new { model = model.Name, prompt, max_tokens = generated, temperature = 0, stream = true, ignore_eos = true });

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
