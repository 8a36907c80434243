using Meridian.Benchmarks;
using Meridian.Benchmarks.Embeddings;
using Meridian.Benchmarks.Failover;
using Meridian.Benchmarks.Generation;
using Meridian.Benchmarks.Http;
using Meridian.Benchmarks.Liveness;
using Meridian.Benchmarks.Reproducibility;
using Meridian.Benchmarks.Robustness;
using Meridian.Benchmarks.Routing;
using Meridian.Benchmarks.Suspicion;

const string Help =
    """
    Meridian's benchmarks. They print tables for docs/benchmarks.md; embeddings measures its baselines in the same run, failover and suspicion have none.

      dotnet run -c Release --project tests/benchmarks -- NAME [options]

      embeddings   --only a|b|c    (a) engine against a raw ONNX Runtime loop, (b) front door against the engine alone,
                                   (c) a no-op model through the whole path against a bare Kestrel echo. Default: all three.
                   --rounds 200    (b) blocks of 20 requests
                   --pairs 5 --seconds 5 --connections 32    (c)
      generation   --only a|b|c|e|f|g   (a) engine against a raw ONNX Runtime loop and (d) against one stream, (b) the whole path against the engine,
                                   (c) time to first token added, (e) a long prompt beside running streams, (f) cache layouts,
                                   (g) 32 prompts of 512 tokens at once and one of 8,000 through front door, facade and .NET client: exits 1 where one fails. Default: all.
                   --sizes large,small --pairs 5 --streams 32 --tokens 128 --threads 1 --models DIR (kept; default: a temporary directory)
                   --prompt 512 --long 8000 --running 8 --generated 32   (g)
      failover     --kills 20 --rate 50 --seed 20            kill -9 of regions under load
      routing      --regions 50 --models 1000 --seconds 1    one routing decision, by policy
      streams-failover   --kills 20 --streams 32 --rate 50 --seed 23   kill -9 of the region that serves most of the streams, beside other requests
      same-text    --requests 10000 --disturbances 200 --callers 64 --rate 0 --seed 31   seeded and greedy requests alone, together, and while
                                                             regions are killed and drained: the same tokens and log probabilities, to the last bit.
                                                             --rate: streams a second under disturbances; 0: each caller reads one stream after the other
      decode-pairs --other DLL --pairs 20                    decode throughput of this build and another (its Meridian.benchmarks.dll)
                   --sizes small --streams 32 --tokens 256 --threads 1
      suspicion    --minutes 5 --callers 4 --jitter 0        false suspicions of healthy regions under full load; with jitter, every link
                                                             of an edge or region to a region delays by up to so many ms in each direction
      liveness     --only cost|detection                     what watching many regions costs; how fast a region that is killed, frozen or cut off is out
                   --regions 50 --models 1000 --seconds 20   cost
                   --kills 20 --freezes 10 --cuts 9          detection

      mistakes     --requests 10000                          wrong requests of all kinds: their errors, and the memory of who answered them

    A benchmark says of each goal of docs/benchmarks.md whether this run met it, and ends with exit code 1 where it missed one.
    A benchmark keeps its data in a temporary directory and ends the processes that it starts.
    """;

var name = args.Length > 0 ? args[0] : "--help";
var options = new Arguments(args);
var goals = new Goals();
switch (name)
{
    case "embeddings":
        Console.WriteLine(Machine.Describe());
        var only = options.Text("only", "abc");
        if (only.Contains('a', StringComparison.Ordinal))
        {
            goals.AtLeast("(a) engine / loop", await EngineBenchmark.RunAsync(Console.Out), 0.90);
        }

        if (only.Contains('b', StringComparison.Ordinal))
        {
            await new FrontDoorBenchmark(options.Count("rounds", 200)).RunAsync(goals);
        }

        if (only.Contains('c', StringComparison.Ordinal))
        {
            await new PathBenchmark(options.Count("pairs", 5), options.Number("seconds", 5), options.Count("connections", 32)).RunAsync(goals);
        }

        return goals.Report();

    case "generation":
        Console.WriteLine(Machine.Describe());
        await GenerationBenchmarks.RunAsync(options, goals);
        return goals.Report();

    case "failover":
        Console.WriteLine(Machine.Describe());
        await new FailoverBenchmark(options.Count("kills", 20), options.Number("rate", 50), options.Count("seed", 20)).RunAsync(goals);
        return goals.Report();

    case "routing":
        Console.WriteLine(Machine.Describe());
        new RoutingBenchmark(options.Count("regions", 50), options.Count("models", 1000), options.Number("seconds", 1)).Run(goals);
        return goals.Report();

    case "streams-failover":
        Console.WriteLine(Machine.Describe());
        await new StreamFailoverBenchmark(options.Count("kills", 20), options.Count("streams", 32), options.Number("rate", 50), options.Count("seed", 23)).RunAsync(goals);
        return goals.Report();

    case "same-text":
        Console.WriteLine(Machine.Describe());
        return await new SameTextBenchmark(options.Count("requests", 10_000), options.Count("disturbances", 200), options.Count("callers", 64), options.Number("rate", 0), options.Count("seed", 31)).RunAsync();

    case "decode-pairs":
        Console.WriteLine(Machine.Describe());
        return await new PairsBenchmark(options.Text("other", ""), options.Count("pairs", 20), options).RunAsync();

    case "suspicion":
        Console.WriteLine(Machine.Describe());
        await new SuspicionBenchmark(options.Number("minutes", 5), options.Count("callers", 4), options.Number("jitter", 0)).RunAsync(goals);
        return goals.Report();

    case "liveness":
        Console.WriteLine(Machine.Describe());
        if (options.Text("only", "cost") == "cost")
        {
            await new LivenessCostBenchmark(options.Count("regions", 50), options.Count("models", 1000), options.Number("seconds", 20)).RunAsync();
        }

        if (options.Text("only", "detection") == "detection")
        {
            await new DetectionBenchmark(options.Count("kills", 20), options.Count("freezes", 10), options.Count("cuts", 9)).RunAsync(goals);
        }

        return goals.Report();

    case "mistakes":
        Console.WriteLine(Machine.Describe());
        await new MistakesBenchmark(options.Count("requests", 10_000)).RunAsync(goals);
        return goals.Report();

    // Parts that the benchmarks start as processes of their own.
    case "region" or "front-door":
        return await NoOpHost.RunAsync(name, args);

    case BareRegion.Part:
        return await BareRegion.RunAsync(options);

    case LoadCommand.Name:
        return LoadCommand.Run(args[1..]);

    case StreamLoadCommand.Name:
        return StreamLoadCommand.Run(args[1..]);

    case EchoCommand.Name:
        return await EchoCommand.RunAsync(args[1..]);

    case "--help" or "-h":
        Console.WriteLine(Help);
        return 0;

    default:
        Console.Error.WriteLine($"There is no benchmark '{name}'.{Environment.NewLine}{Help}");
        return 2;
}
