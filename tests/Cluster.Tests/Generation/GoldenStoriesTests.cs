using Meridian.TestModels;

namespace Meridian.Cluster.Tests.Generation;

/// <summary>The real model through the front door of three regions: the texts that its reference implementation writes.</summary>
[Collection(ThreeRegionsCollection.Name)]
public sealed class GoldenStoriesTests(ThreeRegions three)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_prompt_alone_gives_the_golden_text(bool stream)
    {
        var cases = Load();
        using var calls = new CompletionCalls(three.Installation.FrontDoor.Address);
        foreach (var story in cases)
        {
            Check(story, await calls.CompleteAsync(Body(story, asIds: false), stream));
            Check(story, await calls.CompleteAsync(Body(story, asIds: true), stream));
        }
    }

    [Fact]
    public async Task All_prompts_together_give_the_golden_texts()
    {
        var cases = Load();
        using var calls = new CompletionCalls(three.Installation.FrontDoor.Address);
        var random = new Random(11);
        var order = Enumerable.Range(0, 48).Select(i => cases[i % cases.Length]).ToArray();
        random.Shuffle(order);
        await Task.WhenAll(order.Select(async (story, i) => Check(story, await calls.CompleteAsync(Body(story, asIds: i % 2 == 0), stream: i % 3 != 0))));
    }

    private static Dictionary<string, object?> Body(StoriesGolden story, bool asIds) => new()
    {
        ["model"] = ThreeRegions.Real,
        ["prompt"] = asIds ? story.PromptIds : story.Prompt,
        ["max_tokens"] = story.GeneratedIds.Length,
        ["temperature"] = 0,
    };

    private static void Check(StoriesGolden story, Completion seen)
    {
        Assert.Equal(story.Text, seen.Text);
        Assert.Equal(story.PromptIds.Length, seen.PromptTokens);
        Assert.Equal(story.GeneratedIds.Length, seen.CompletionTokens);

        // Id 1 stands between stories and ends one.
        Assert.Equal(story.GeneratedIds[^1] is 1 or 2 ? "stop" : "length", seen.Finish);
    }

    private static StoriesGolden[] Load() => [.. StoriesGolden.Require(), .. StoriesGolden.RequireWhole()];
}
