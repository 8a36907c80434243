using System.Globalization;
using Meridian.Inference.Sampling;

namespace Meridian.Load;

/// <summary>Requests whose answers must always be the same: greedy and seeded, of 1 to 400 tokens, with common beginnings, and conversations of several turns.</summary>
public static class SameTexts
{
    private const int LongestPrompt = 100;
    private const int LongestText = 400;
    private const int Beginnings = 4;
    private const int Turns = 3;

    private static readonly string[] Words = ("once upon a time there was little girl boy dog who liked to play in the park one day they went home and saw big red ball " + "mom said not go far away").Split(' ');

    /// <summary>Makes requests and asks each of them alone.</summary>
    /// <param name="fleet">Asks.</param>
    /// <param name="models">Asked in turn.</param>
    /// <param name="count">How many.</param>
    /// <param name="random">Draws them.</param>
    /// <exception cref="InvalidOperationException">One fails.</exception>
    public static async Task<Dictionary<StreamBody, StreamSample>> AloneAsync(StreamFleet fleet, string[] models, int count, Random random)
    {
        var beginnings = Enumerable.Range(0, Beginnings).Select(_ => Ids(random, random.Next(20, 60))).ToArray();
        var samples = new Dictionary<StreamBody, StreamSample>();
        while (samples.Count < count)
        {
            var model = models[samples.Count % models.Length];
            if (random.Next(4) == 0)
            {
                // The next turn's prompt is the conversation so far, its answers included.
                var text = Words[random.Next(Words.Length)];
                for (var turn = 0; turn < Turns && samples.Count < count; turn++)
                {
                    text += " " + string.Join(' ', Enumerable.Range(0, random.Next(3, 10)).Select(_ => Words[random.Next(Words.Length)]));
                    text += (await AskAsync(Body(model, [], random.Next(1, 60)) with { Text = text })).Text;
                }
            }
            else
            {
                int[] head = random.Next(2) == 0 ? [] : beginnings[random.Next(Beginnings)];
                int[] prompt = [.. head, .. Ids(random, random.Next(1, LongestPrompt + 1 - head.Length))];
                await AskAsync(Body(model, prompt, random.Next(1, LongestText + 1)));
            }
        }

        return samples;

        StreamBody Body(string model, int[] prompt, int tokens) => new(
            string.Create(CultureInfo.InvariantCulture, $"{model}/{samples.Count}"),
            model,
            prompt,
            tokens,
            new SamplingSettings { Temperature = random.Next(2) == 0 ? 0 : 0.9f, Seed = random.NextInt64(1L << 53) });

        async Task<StreamSample> AskAsync(StreamBody body)
        {
            var sample = await fleet.ReadAsync(-1, body);
            samples[body] = sample.Error is null ? sample : throw new InvalidOperationException($"Alone, {sample}");
            return sample;
        }
    }

    // Ids that every model has.
    private static int[] Ids(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(10, 300))];
}
