using Meridian.Benchmarks;
using Meridian.Benchmarks.Embeddings;
using Meridian.Benchmarks.Failover;
using Meridian.Benchmarks.Generation;
using Meridian.Benchmarks.Http;
using Meridian.Benchmarks.Liveness;
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
      suspicion    --minutes 5 --callers 4 --jitter 0        false suspicions of healthy regions under full load; besides, of an observer
                                                             whose links to them have so many ms of jitter in each direction
      liveness     --only cost|detection                     what watching many regions costs; how fast a region that is killed, frozen or cut off is out
                   --regions 50 --models 1000 --seconds 20   cost
                   --kills 20 --freezes 10 --cuts 9          detection

    A benchmark keeps its data in a temporary directory and ends the processes that it starts.
    """;

var name = args.Length > 0 ? args[0] : "--help";
var options = new Arguments(args);
switch (name)
{
    case "embeddings":
        Console.WriteLine(Machine.Describe());
        var only = options.Text("only", "abc");
        if (only.Contains('a', StringComparison.Ordinal))
        {
            await EngineBenchmark.RunAsync(Console.Out);
        }

        if (only.Contains('b', StringComparison.Ordinal))
        {
            await new FrontDoorBenchmark(options.Count("rounds", 200)).RunAsync();
        }

        if (only.Contains('c', StringComparison.Ordinal))
        {
            await new PathBenchmark(options.Count("pairs", 5), options.Number("seconds", 5), options.Count("connections", 32)).RunAsync();
        }

        return 0;

    case "generation":
        Console.WriteLine(Machine.Describe());
        return await GenerationBenchmarks.RunAsync(options) == 0 ? 0 : 1;

    case "failover":
        Console.WriteLine(Machine.Describe());
        return await new FailoverBenchmark(options.Count("kills", 20), options.Number("rate", 50), options.Count("seed", 20)).RunAsync();

    case "routing":
        Console.WriteLine(Machine.Describe());
        return new RoutingBenchmark(options.Count("regions", 50), options.Count("models", 1000), options.Number("seconds", 1)).Run();

    case "streams-failover":
        Console.WriteLine(Machine.Describe());
        return await new StreamFailoverBenchmark(options.Count("kills", 20), options.Count("streams", 32), options.Number("rate", 50), options.Count("seed", 23)).RunAsync();

    case "suspicion":
        Console.WriteLine(Machine.Describe());
        return await new SuspicionBenchmark(options.Number("minutes", 5), options.Count("callers", 4), options.Number("jitter", 0)).RunAsync();

    case "liveness":
        Console.WriteLine(Machine.Describe());
        if (options.Text("only", "cost") == "cost")
        {
            await new LivenessCostBenchmark(options.Count("regions", 50), options.Count("models", 1000), options.Number("seconds", 20)).RunAsync();
        }

        if (options.Text("only", "detection") == "detection")
        {
            await new DetectionBenchmark(options.Count("kills", 20), options.Count("freezes", 10), options.Count("cuts", 9)).RunAsync();
        }

        return 0;

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
