using Meridian.Cluster.Tests.Harness;
using Meridian.Inference.Decoders.Contract;
using Meridian.TestModels;

namespace Meridian.Cluster.Tests.Generation;

/// <summary>
/// The real model over HTTP where memory is short, prefixes are kept or not, and its cache lies otherwise: callers join whenever, some give way to others and are computed again,
/// and each gets the text that its prompt has when it is alone.
/// </summary>
public sealed class StoriesUnderPressureTests(ITestOutputHelper output)
{
    private const string Template = "{{ bos_token }}{{ messages[0]['content'] }}";

    // Of the built-in model; the engine's own test has the other one, too.
    [Fact]
    public async Task Texts_do_not_depend_on_company_memory_or_layout()
    {
        var stories = StoriesGolden.RequireWhole(Stories.BuiltIn).Where(story => story.Prompt.Length > 0).ToArray();
        using var folders = new TemporaryDirectory();
        var plain = Talking(Stories.Get(Stories.BuiltIn, KvLayout.Concatenated), Path.Combine(folders.Path, "plain"));
        var shared = Talking(Stories.Get(Stories.BuiltIn, KvLayout.Shared), Path.Combine(folders.Path, "shared"));
        await using var region = await OneRegion.StartAsync(
            Models.Entry(0, "roomy", plain),
            Models.Entry(1, "tight", plain, ("KvCacheMiB", "1"), ("PrefixCache", "false")),
            Models.Entry(2, "tight-kept", plain, ("KvCacheMiB", "1")),
            Models.Entry(3, "shared", shared),
            Models.Entry(4, "shared-tight", shared, ("KvCacheMiB", "1"), ("PrefixCache", "false")));
        using var calls = new CompletionCalls(region.Address);
        var random = new Random(17);
        foreach (var model in new[] { "roomy", "tight", "tight-kept", "shared", "shared-tight" })
        {
            var order = Enumerable.Range(0, 16).Select(i => stories[i % stories.Length]).ToArray();
            random.Shuffle(order);
            var asked = new List<Task>();
            foreach (var story in order)
            {
                // The next one joins when this one has come some tokens far.
                var left = random.Next(0, 30);
                var joined = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var answer = AskAsync(calls, model, story, () =>
                {
                    if (Interlocked.Decrement(ref left) < 0)
                    {
                        joined.TrySetResult();
                    }
                });
                asked.Add(answer);
                await Task.WhenAny(joined.Task, answer);
            }

            await Task.WhenAll(asked);
            if (model.Contains("tight", StringComparison.Ordinal))
            {
                // All at once, four times as many as there is memory for.
                await Task.WhenAll(Enumerable.Range(0, 32).Select(i => AskAsync(calls, model, stories[i % stories.Length], static () => { })));
            }

            foreach (var story in stories)
            {
                foreach (var told in new[] { 40, 90, 140 })
                {
                    await GoOnAsync(calls, model, story, told);
                }
            }

            var counters = region.Engine(model).Counters;
            output.WriteLine($"{model}: {counters}");
            Assert.Equal(0, counters.SlotsInUse);
            Assert.Equal(0, counters.ReservedTokens);
            Assert.True(!model.Contains("tight", StringComparison.Ordinal) || counters.Preemptions > 0, $"{model}: nobody gave way.");
            Assert.Equal(model is "roomy" or "tight-kept" or "shared", counters.CachedTokens > 0);
        }
    }

    private static async Task AskAsync(CompletionCalls calls, string model, StoriesGolden story, Action arrived)
    {
        // No limit: how much memory it will take is not known beforehand.
        var seen = await calls.CompleteAsync(
            new() { ["model"] = model, ["messages"] = new[] { new { role = "user", content = story.Prompt } }, ["temperature"] = 0 }, stream: true, arrived);
        Assert.Equal(story.Text, seen.Text);
        Assert.Equal("stop", seen.Finish);
        Assert.Equal(story.PromptIds.Length, seen.PromptTokens);
        Assert.Equal(story.GeneratedIds.Length, seen.CompletionTokens);
    }

    /// <summary>Tells a story from its middle on: what was told before is a long prompt that others had, too.</summary>
    private static async Task GoOnAsync(CompletionCalls calls, string model, StoriesGolden story, int told)
    {
        int[] prompt = [.. story.PromptIds, .. story.GeneratedIds[..told]];
        var rest = story.GeneratedIds.Length - told;
        var seen = await calls.CompleteAsync(new() { ["model"] = model, ["prompt"] = prompt, ["temperature"] = 0, ["max_tokens"] = rest }, stream: told == 90);
        Assert.NotEmpty(seen.Text);
        Assert.EndsWith(seen.Text, story.Text, StringComparison.Ordinal);
        Assert.Equal((prompt.Length, rest, "stop"), (seen.PromptTokens, seen.CompletionTokens, seen.Finish));
    }

    /// <summary>A copy with a chat template that says the prompt as it is.</summary>
    private static string Talking(string source, string target)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.WriteAllBytes(copy, File.ReadAllBytes(file));
        }

        File.WriteAllText(Path.Combine(target, "chat_template.jinja"), Template);
        return target;
    }
}
