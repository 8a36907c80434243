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

    /// <summary>What each request gives undisturbed.</summary>
    /// <exception cref="InvalidOperationException">One fails.</exception>
    public static async Task<Dictionary<StreamBody, StreamSample>> UndisturbedAsync(StreamFleet fleet, IReadOnlyList<StreamBody> bodies)
    {
        var undisturbed = new Dictionary<StreamBody, StreamSample>();
        foreach (var body in bodies)
        {
            var sample = await fleet.ReadAsync(-1, body);
            undisturbed.Add(body, sample.Error is null ? sample : throw new InvalidOperationException($"Undisturbed, {sample}"));
        }

        return undisturbed;
    }

    /// <summary>Streams that do not give what they gave undisturbed, and how they differ.</summary>
    public static string[] Differences(IReadOnlyCollection<StreamSample> samples, IReadOnlyDictionary<StreamBody, StreamSample> undisturbed) =>
        [.. samples.Select(s => (Sample: s, Difference: s.DifferenceTo(undisturbed[s.Body]))).Where(s => s.Difference is not null).Select(s => $"{s.Sample}: {s.Difference}")];
}
