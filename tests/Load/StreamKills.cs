using System.Collections.Concurrent;
using System.Globalization;
using Meridian.Inference.Sampling;

namespace Meridian.Load;

/// <summary>The streams of a run with kills beside what the same requests gave before.</summary>
public static class StreamKills
{
    /// <summary>Requests of different lengths, greedy and sampled, that every model of 300 ids or more with a context of 512 can answer.</summary>
    public static StreamBody[] Bodies(string model, int count, Random random) =>
    [
        .. Enumerable.Range(0, count).Select(i => new StreamBody(
            string.Create(CultureInfo.InvariantCulture, $"{model}/{i}"),
            model,
            [.. Enumerable.Range(0, random.Next(4, 24)).Select(_ => random.Next(10, 300))],
            random.Next(300, 480),
            new SamplingSettings { Temperature = i % 2 == 0 ? 0 : 0.9f, Seed = 1000 + i })),
    ];

    /// <summary>What each request gives undisturbed, eight at a time.</summary>
    /// <exception cref="InvalidOperationException">One fails.</exception>
    public static async Task<Dictionary<StreamBody, StreamSample>> UndisturbedAsync(StreamFleet fleet, IReadOnlyList<StreamBody> bodies)
    {
        var samples = new ConcurrentDictionary<StreamBody, StreamSample>();
        await Parallel.ForEachAsync(bodies, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (body, _) =>
        {
            var sample = await fleet.ReadAsync(-1, body);
            samples[body] = sample.Error is null ? sample : throw new InvalidOperationException($"Undisturbed, {sample}");
        });
        return new Dictionary<StreamBody, StreamSample>(samples);
    }

    /// <summary>Streams that do not give what they gave undisturbed to the last bit; of those that say that they are not exact, by the rule of ties.</summary>
    /// <param name="samples">All streams of the run.</param>
    /// <param name="undisturbed">Answers to the same requests before.</param>
    /// <param name="folders">Hugging Face folders of the models by their names.</param>
    /// <returns>How they differ, and the number of those that are not exact and gave another text by a tie.</returns>
    public static async Task<(string[] Differences, int Ties)> CompareAsync(
        IReadOnlyCollection<StreamSample> samples, IReadOnlyDictionary<StreamBody, StreamSample> undisturbed, IReadOnlyDictionary<string, string> folders)
    {
        var ties = 0;
        var differences = new List<string>();
        foreach (var others in samples.Where(sample => sample.DifferenceTo(undisturbed[sample.Body]) is not null).GroupBy(sample => sample.Body.Model))
        {
            using var texts = await PossibleTexts.OfAsync(folders[others.Key]);
            foreach (var alike in others.GroupBy(sample => (sample.Body, sample.Text, MayDiffer: !sample.Exact && sample.DiffersInTextAlone(undisturbed[sample.Body]))))
            {
                if (alike.Key.MayDiffer && texts.Contains(alike.Key.Body, alike.Key.Text))
                    ties += alike.Count();
                else
                    differences.AddRange(alike.Select(sample => $"{sample}: {sample.DifferenceTo(undisturbed[sample.Body])}"));
            }
        }

        return ([.. differences], ties);
    }
}
