using Meridian.TestModels;

namespace Meridian.Cluster.Tests.Generation;

/// <summary>The trained models through the front door of three regions: the texts that reference implementations write.</summary>
[Collection(ThreeRegionsCollection.Name)]
public sealed class GoldenStoriesTests(ThreeRegions three)
{
    [Theory]
    [InlineData(Stories.BuiltIn, false)]
    [InlineData(Stories.BuiltIn, true)]
    [InlineData(Stories.Teacher, false)]
    [InlineData(Stories.Teacher, true)]
    public async Task Every_prompt_alone_gives_the_golden_text(string model, bool stream)
    {
        var cases = Load(model);
        using var calls = new CompletionCalls(three.Installation.FrontDoor.Address);
        foreach (var story in cases)
        {
            Check(story, await calls.CompleteAsync(Body(model, story, asIds: false), stream));
            Check(story, await calls.CompleteAsync(Body(model, story, asIds: true), stream));
        }
    }

    [Theory]
    [MemberData(nameof(Stories.All), MemberType = typeof(Stories))]
    public async Task All_prompts_together_give_the_golden_texts(string model)
    {
        var cases = Load(model);
        using var calls = new CompletionCalls(three.Installation.FrontDoor.Address);
        var random = new Random(11);
        var order = Enumerable.Range(0, 48).Select(i => cases[i % cases.Length]).ToArray();
        random.Shuffle(order);
        await Task.WhenAll(order.Select(async (story, i) => Check(story, await calls.CompleteAsync(Body(model, story, asIds: i % 2 == 0), stream: i % 3 != 0))));
    }

    private static Dictionary<string, object?> Body(string model, StoriesGolden story, bool asIds) => new()
    {
        ["model"] = model,
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

    private static StoriesGolden[] Load(string model) => [.. StoriesGolden.Require(model), .. StoriesGolden.RequireWhole(model)];
}
