using System.Diagnostics;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;

namespace Meridian.Benchmarks.Generation;

/// <summary>Drives an engine with streams, as callers in the same process would.</summary>
public static class EngineStreams
{
    /// <summary>Continues every prompt greedily, all at once.</summary>
    /// <returns>Seconds from the first opening to the last token, and until every stream had its first.</returns>
    public static async Task<(double Seconds, double PromptSeconds)> RunAsync(IGenerationEngine engine, int[][] prompts, int tokens)
    {
        var started = Stopwatch.GetTimestamp();
        var streams = prompts.Select(prompt => Open(engine, prompt, tokens)).ToArray();
        var arrivals = streams.Select(_ => new List<long>(tokens)).ToArray();
        await Task.WhenAll(streams.Select((stream, n) => Task.Run(() => ReadAsync(stream, arrivals[n]))));
        return (Stopwatch.GetElapsedTime(started).TotalSeconds, Stopwatch.GetElapsedTime(started, arrivals.Max(times => times[0])).TotalSeconds);
    }

    /// <summary>Opens a stream that generates exactly so many tokens.</summary>
    public static IGenerationStream Open(IGenerationEngine engine, int[] prompt, int tokens)
    {
        var admission = engine.Open(new GenerationWork
        {
            Prompts = [new GenerationPrompt { TokenIds = prompt }],
            MaxTokens = tokens,
            Sampling = new SamplingSettings { Temperature = 0 },
            IgnoreEndOfText = true,
            Reproducible = true,
        });
        return admission.Stream ?? throw new InvalidOperationException($"{admission.Status}: {admission.Message}");
    }

    /// <summary>Reads a stream to its end.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="arrivals">Receives the timestamp of each frame with tokens, or null.</param>
    public static async Task<int> ReadAsync(IGenerationStream stream, List<long>? arrivals)
    {
        var tokens = 0;
        for (long offset = 0; ;)
        {
            var frame = await stream.ReadAsync(offset, CancellationToken.None);
            if (frame.Next > offset)
            {
                arrivals?.Add(Stopwatch.GetTimestamp());
            }

            tokens += (int)(frame.Next - frame.Offset);
            offset = frame.Next;
            if (frame.End)
            {
                return tokens;
            }
        }
    }

    /// <summary>Times between arrivals, ms.</summary>
    public static IEnumerable<double> Gaps(IReadOnlyList<long> arrivals)
    {
        for (var i = 1; i < arrivals.Count; i++)
        {
            yield return Stopwatch.GetElapsedTime(arrivals[i - 1], arrivals[i]).TotalMilliseconds;
        }
    }

    /// <summary>Prompts of random tokens, different each time.</summary>
    public static int[][] Prompts(Random random, int count, int length, int vocabulary) =>
        [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, length).Select(_ => random.Next(300, vocabulary)).ToArray())];
}
