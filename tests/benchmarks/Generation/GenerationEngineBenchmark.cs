using System.Diagnostics;
using System.Globalization;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sessions;
using Meridian.Load;

namespace Meridian.Benchmarks.Generation;

/// <summary>(a), (d), (e), (f): the engine against a raw loop and against itself, in this process.</summary>
public sealed class GenerationEngineBenchmark(int pairs, int streams, int tokens)
{
    private const int PromptTokens = 32;

    /// <summary>(a) Engine at full batch against the raw loop; (d) against one stream.</summary>
    public async Task ThroughputAsync(GenerationModel model, Goals goals)
    {
        await using var engine = await model.EngineAsync();
        using var loop = await EngineThread.RunAsync("raw loop load", () => new RawLoop(model.Package, model.Shape, streams, PromptTokens + tokens, model.Threads));
        var random = new Random(3);
        var ratios = new List<double>();
        var loops = new List<double>();
        var engines = new List<double>();
        var single = new List<double>();
        var loopPrompts = new List<double>();
        var enginePrompts = new List<double>();
        for (var pair = -1; pair < pairs; pair++)
        {
            double loopRate = 0, engineRate = 0;
            for (var turn = pair + 1; turn < pair + 3; turn++)
            {
                var prompts = EngineStreams.Prompts(random, streams, PromptTokens, model.Vocabulary);
                if (turn % 2 == 0)
                {
                    loopRate = await EngineThread.RunAsync("raw loop", () =>
                    {
                        var started = Stopwatch.GetTimestamp();
                        loop.Run(prompts, tokens);
                        loopPrompts.Add(loop.PromptSeconds * 1000);
                        return streams * tokens / Stopwatch.GetElapsedTime(started).TotalSeconds;
                    });
                }
                else
                {
                    var (seconds, untilFirst) = await EngineStreams.RunAsync(engine, prompts, tokens);
                    engineRate = streams * tokens / seconds;
                    enginePrompts.Add(untilFirst * 1000);
                }
            }

            var one = Math.Max(16, tokens / 4);
            var singleRate = one / (await EngineStreams.RunAsync(engine, EngineStreams.Prompts(random, 1, PromptTokens, model.Vocabulary), one)).Seconds;
            if (pair >= 0)
            {
                ratios.Add(engineRate / loopRate);
                loops.Add(loopRate);
                engines.Add(engineRate);
                single.Add(singleRate);
            }
        }

        Table.Print(
            $"(a) {model.Name}: {streams} streams of {PromptTokens} + {tokens} tokens, engine against a raw batch-{streams} loop, {model.Threads} thread(s), medians of {pairs} interleaved pairs",
            ["", "tokens/s", "of the loop's", "range", "ms until all have their first token"],
            ["raw loop", Text(Percentiles.Median(loops), "0"), "1", "", Text(Percentiles.Median(loopPrompts), "0")],
            ["engine", Text(Percentiles.Median(engines), "0"), Text(Percentiles.Median(ratios), "0.000"), $"{Text(ratios.Min(), "0.000")} to {Text(ratios.Max(), "0.000")}", Text(Percentiles.Median(enginePrompts), "0")]);
        Table.Print(
            $"(d) {model.Name}: {streams} streams against one",
            ["streams", "tokens/s", "of one's"],
            ["1", Text(Percentiles.Median(single), "0.0"), "1"],
            [streams.ToString(CultureInfo.InvariantCulture), Text(Percentiles.Median(engines), "0.0"), Text(Percentiles.Median(engines) / Percentiles.Median(single), "0.0")]);
        goals.AtLeast($"(a) {model.Name}, engine / loop", Percentiles.Median(ratios), model.IsLarge ? 0.90 : 0.70);
        if (model.IsLarge) goals.AtLeast($"(d) {model.Name}, {streams} streams against one", Percentiles.Median(engines) / Percentiles.Median(single), 6);
    }

    /// <summary>(e) What a long prompt does to the streams that run.</summary>
    public async Task LongPromptAsync(GenerationModel model, int running, int prompt, Goals goals)
    {
        await using var engine = await model.EngineAsync();
        var random = new Random(4);
        var idle = new List<double>();
        var disturbed = new List<double>();
        var first = new List<double>();
        await EngineStreams.RunAsync(engine, EngineStreams.Prompts(random, running, PromptTokens, model.Vocabulary), 16);
        for (var round = 0; round < Math.Max(1, pairs / 2); round++)
        {
            idle.AddRange(await GapsAsync(null));
            disturbed.AddRange(await GapsAsync(EngineStreams.Prompts(random, 1, prompt, model.Vocabulary)[0]));
        }

        var (i, d) = (Percentiles.Of(idle), Percentiles.Of(disturbed));
        Table.Print(
            $"(e) {model.Name}: gaps between the tokens of {running} streams, alone and while a prompt of {prompt} tokens arrives (its first token after {Text(Percentiles.Median(first), "0")} ms)",
            ["", "p50 ms", "p99 ms", "max ms"],
            ["alone", Text(i.P50, "0.0"), Text(i.P99, "0.0"), Text(i.Max, "0.0")],
            ["with the long prompt", Text(d.P50, "0.0"), Text(d.P99, "0.0"), Text(d.Max, "0.0")],
            ["times", Text(d.P50 / i.P50, "0.00"), Text(d.P99 / i.P99, "0.00"), Text(d.Max / i.Max, "0.00")]);
        goals.AtMost($"(e) {model.Name}, p99 of the gaps, times without the long prompt", d.P99 / i.P99, 3);

        // Both arms alike: the same streams with room for more tokens than they get, measured from when all have joined and the batch has settled, and cancelled at the end.
        // They differ in what ends the measurement: the long prompt's first token, or as many tokens as a round has.
        async Task<List<double>> GapsAsync(int[]? longPrompt)
        {
            var length = engine.ContextLength - PromptTokens - 1;
            var arrivals = Enumerable.Range(0, running).Select(_ => new List<long>()).ToArray();
            var streams = EngineStreams.Prompts(random, running, PromptTokens, model.Vocabulary).Select(p => EngineStreams.Open(engine, p, length)).ToArray();
            var readers = streams.Select((stream, n) => Task.Run(() => ReadAsync(stream, arrivals[n]))).ToArray();
            await ArrivedAsync(8);
            var from = Stopwatch.GetTimestamp();
            long to;
            if (longPrompt is null)
            {
                await ArrivedAsync(8 + tokens);
                to = Stopwatch.GetTimestamp();
            }
            else
            {
                var late = new List<long>();
                await EngineStreams.ReadAsync(EngineStreams.Open(engine, longPrompt, 1), late);
                to = late[0];
                first.Add(Stopwatch.GetElapsedTime(from, to).TotalMilliseconds);
            }

            foreach (var stream in streams)
            {
                stream.Cancel();
            }

            await Task.WhenAll(readers);
            var gaps = new List<double>();
            foreach (var times in arrivals)
            {
                gaps.AddRange(EngineStreams.Gaps([.. times.Where(t => t >= from && t <= to)]));
            }

            return gaps;

            async Task ArrivedAsync(int frames)
            {
                while (arrivals.Any(a => Count(a) < frames))
                {
                    await Task.Delay(5);
                }
            }
        }

        static async Task ReadAsync(IGenerationStream stream, List<long> arrivals)
        {
            try
            {
                for (long offset = 0; ;)
                {
                    var frame = await stream.ReadAsync(offset, CancellationToken.None);
                    lock (arrivals)
                    {
                        arrivals.Add(Stopwatch.GetTimestamp());
                    }

                    offset = frame.Next;
                    if (frame.End)
                    {
                        return;
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // The round is over.
            }
        }

        static int Count(List<long> arrivals)
        {
            lock (arrivals)
            {
                return arrivals.Count;
            }
        }
    }

    /// <summary>(f) The two cache layouts at a long context.</summary>
    public async Task LayoutsAsync(GenerationModel shared, GenerationModel concatenated, int context)
    {
        const int Generated = 32;
        const int Streams = 4;
        var random = new Random(6);
        await using var a = await concatenated.EngineAsync();
        await using var b = await shared.EngineAsync();
        var ratios = new List<double>();
        var rates = new Dictionary<IGenerationEngine, List<double>> { [a] = [], [b] = [] };
        for (var pair = -1; pair < pairs; pair++)
        {
            var measured = new Dictionary<IGenerationEngine, double>();
            foreach (var engine in pair % 2 == 0 ? new[] { a, b } : [b, a])
            {
                var arrivals = Enumerable.Range(0, Streams).Select(_ => new List<long>()).ToArray();
                await Task.WhenAll(EngineStreams.Prompts(random, Streams, context - (Generated / 2), shared.Vocabulary)
                    .Select((prompt, n) => Task.Run(() => EngineStreams.ReadAsync(EngineStreams.Open(engine, prompt, Generated), arrivals[n]))));

                // From the last stream's first token on all of them decode.
                var from = arrivals.Max(t => t[0]);
                measured[engine] = Percentiles.Median(arrivals.SelectMany(t => EngineStreams.Gaps([.. t.Where(x => x >= from)])));
            }

            if (pair >= 0)
            {
                rates[a].Add(measured[a]);
                rates[b].Add(measured[b]);
                ratios.Add(measured[a] / measured[b]);
            }
        }

        Table.Print(
            $"(f) {shared.Name}: a step of {Streams} streams at context {context}, by cache layout, medians of {pairs} interleaved pairs",
            ["layout", "ms a step", "times as fast"],
            ["concatenated (a)", Text(Percentiles.Median(rates[a]), "0.00"), "1"],
            ["shared, in place (b)", Text(Percentiles.Median(rates[b]), "0.00"), Text(Percentiles.Median(ratios), "0.00")]);
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
