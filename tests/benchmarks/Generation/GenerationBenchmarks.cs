using Meridian.Cluster.Tests.Harness;
using Meridian.Inference.Decoders.Contract;

namespace Meridian.Benchmarks.Generation;

/// <summary>Runs the benchmarks of text generation on made models.</summary>
public static class GenerationBenchmarks
{
    private const int LongPrompt = 4000;
    private const int LongContext = 1000;

    public static async Task RunAsync(Arguments options, Goals goals)
    {
        using var temporary = new TemporaryDirectory();
        var root = options.Text("models", temporary.Path);
        var only = options.Text("only", "abcefg");
        var threads = options.Count("threads", 1);
        var pairs = options.Count("pairs", 5);
        var streams = options.Count("streams", 32);
        var tokens = options.Count("tokens", 128);
        var engines = new GenerationEngineBenchmark(pairs, streams, tokens);
        foreach (var size in options.Text("sizes", "large,small").Split(','))
        {
            var shared = size == "large" ? GenerationModel.Large(root, KvLayout.Shared, threads) : GenerationModel.Small(root, KvLayout.Shared, threads);
            if (only.Contains('a', StringComparison.Ordinal))
            {
                await engines.ThroughputAsync(shared, goals);
            }

            var path = new GenerationPathBenchmark(shared, pairs, streams, tokens, probes: 200);
            if (only.Contains('b', StringComparison.Ordinal) || only.Contains('c', StringComparison.Ordinal))
            {
                await path.RunAsync(throughput: only.Contains('b', StringComparison.Ordinal), firstToken: only.Contains('c', StringComparison.Ordinal), goals);
            }

            if (only.Contains('e', StringComparison.Ordinal) && size == "large")
            {
                await engines.LongPromptAsync(shared, running: 8, LongPrompt, goals);
            }

            if (only.Contains('f', StringComparison.Ordinal))
            {
                var concatenated = size == "large" ? GenerationModel.Large(root, KvLayout.Concatenated, threads) : GenerationModel.Small(root, KvLayout.Concatenated, threads);
                await engines.LayoutsAsync(shared, concatenated, LongContext);
            }

            if (only.Contains('g', StringComparison.Ordinal) && size == "large")
            {
                var failed = await new LongPromptBenchmark(
                    shared, streams, options.Count("prompt", 512), options.Count("long", 8000), options.Count("running", 8), options.Count("generated", 32)).RunAsync();
                goals.AtMost("(g) failed requests", failed, 0);
            }
        }
    }
}
