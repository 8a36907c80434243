using System.Text.Json;

namespace Meridian.TestModels;

/// <summary>A prompt of <c>stories260k</c> with the ids that the reference program generates greedily.</summary>
/// <param name="Prompt">Text.</param>
/// <param name="PromptIds">Its ids, BOS in front.</param>
/// <param name="GeneratedIds">Greedy continuation.</param>
public sealed record StoriesGolden(string Prompt, int[] PromptIds, int[] GeneratedIds)
{
    /// <summary>The cases of <c>GOLDEN.json</c>; skips the test where the model is not at hand.</summary>
    public static IReadOnlyList<StoriesGolden> Require()
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Stories.Require(), "GOLDEN.json")));
        return [.. golden.RootElement.GetProperty("cases").EnumerateArray().Select(c => new StoriesGolden(
            c.GetProperty("prompt").GetString()!,
            [.. c.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())],
            [.. c.GetProperty("generated_ids").EnumerateArray().Select(id => id.GetInt32())]))];
    }
}
