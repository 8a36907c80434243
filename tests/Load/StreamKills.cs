using System.Globalization;
using System.Text.Json;

namespace Meridian.Load;

/// <summary>The streams of a run with kills beside what the same requests gave before.</summary>
public static class StreamKills
{
    /// <summary>Requests of different lengths, greedy and sampled, that every model of 300 ids or more with a context of 512 can answer; they go on past ends of text.</summary>
    public static StreamBody[] Bodies(string model, int count, Random random) =>
    [
        .. Enumerable.Range(0, count).Select(i => new StreamBody(
            string.Create(CultureInfo.InvariantCulture, $"{model}/{i}"),
            JsonSerializer.Serialize(new
            {
                model,
                prompt = Enumerable.Range(0, random.Next(4, 24)).Select(_ => random.Next(10, 300)).ToArray(),
                max_tokens = random.Next(300, 480),
                temperature = i % 2 == 0 ? 0 : 0.9,
                seed = 1000 + i,
                ignore_eos = true,
                stream = true,
                stream_options = new { include_usage = true },
            }))),
    ];

    /// <summary>
    /// What each request gives undisturbed: alone, and twice beside all others. The arithmetic of a batch may differ from that of one sequence in the last bit, so a near-tie may fall one way or
    /// the other: each text that comes without any fault counts as right.
    /// </summary>
    /// <exception cref="InvalidOperationException">One fails, or they differ in length or finish.</exception>
    public static async Task<Dictionary<StreamBody, StreamSample[]>> UndisturbedAsync(StreamFleet fleet, IReadOnlyList<StreamBody> bodies)
    {
        var samples = new List<StreamSample>();
        foreach (var body in bodies)
            samples.Add(await fleet.ReadAsync(-1, body));
        for (var round = 0; round < 2; round++)
            samples.AddRange(await Task.WhenAll(bodies.Select(body => fleet.ReadAsync(-1, body))));
        return samples.All(sample => sample.Error is null)
            ? samples.GroupBy(sample => sample.Body).ToDictionary(of => of.Key, of => of.DistinctBy(sample => sample.Text).ToArray())
            : throw new InvalidOperationException($"Undisturbed, {samples.First(sample => sample.Error is not null)}");
    }

    /// <summary>Streams that do not give what they gave undisturbed, and how they differ.</summary>
    public static string[] Differences(IReadOnlyCollection<StreamSample> samples, IReadOnlyDictionary<StreamBody, StreamSample[]> undisturbed) =>
    [
        .. samples.Where(sample => !undisturbed[sample.Body].Any(right => sample.DifferenceTo(right) is null))
            .Select(sample => $"{sample}: {sample.DifferenceTo(undisturbed[sample.Body][0])} ({undisturbed[sample.Body].Length} texts are right)"),
    ];
}
