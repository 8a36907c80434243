using System.Text.Json;

namespace Meridian.TestModels;

/// <summary>A prompt of a trained model with what a reference program generates greedily: for the teacher llama2.c, for the model that comes with Meridian onnxruntime-node.</summary>
/// <param name="Prompt">Text.</param>
/// <param name="PromptIds">Its ids, BOS in front.</param>
/// <param name="GeneratedIds">Greedy continuation.</param>
/// <param name="Text">Its text, without the token that ends a story.</param>
public sealed record StoriesGolden(string Prompt, int[] PromptIds, int[] GeneratedIds, string Text)
{
    /// <summary>The cases of <c>GOLDEN.json</c>; skips the test where the model is not at hand.</summary>
    public static IReadOnlyList<StoriesGolden> Require(string model) => Read(model, static root => root.GetProperty("cases").EnumerateArray());

    /// <summary>Those that go on to the end of the story; skips the test where the model is not at hand.</summary>
    public static IReadOnlyList<StoriesGolden> RequireWhole(string model) => Read(model, static root => root.GetProperty("to_end_of_story").GetProperty("cases").EnumerateArray());

    private static StoriesGolden[] Read(string model, Func<JsonElement, IEnumerable<JsonElement>> cases)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Stories.Require(model), "GOLDEN.json")));
        return [.. cases(golden.RootElement).Select(c => new StoriesGolden(
            c.GetProperty("prompt").GetString()!,
            [.. c.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())],
            [.. c.GetProperty("generated_ids").EnumerateArray().Select(id => id.GetInt32())],
            c.GetProperty("full_text").GetString()![c.GetProperty("prompt").GetString()!.Length..]))];
    }
}
