using Meridian.Errors;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Engines;
using Meridian.Messages;
using Meridian.TestModels;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Client.Tests.Generation;

/// <summary>From the client to a real engine and back.</summary>
public sealed class GenerationTests
{
    private const string Made = "made";

    private static GenerationInput Greedy(string text, int? maxTokens) => new()
    {
        Prompts = [new PromptInput { Text = text }],
        MaxTokens = maxTokens,
        Sampling = new SamplingInput { Temperature = 0, Seed = 1 },
        IgnoreEndOfText = true,
    };

    [Theory]
    [MemberData(nameof(Stories.All), MemberType = typeof(Stories))]
    public async Task The_trained_model_tells_its_stories_token_for_token(string model)
    {
        var stories = StoriesGolden.Require(model);
        await using var region = await GeneratingRegion.StartAsync(model, Stories.Require(model));

        var told = await Task.WhenAll(stories.Select(async story =>
        {
            var ids = new List<int>();
            await using var stream = await region.Client.OpenAsync(Greedy(story.Prompt, story.GeneratedIds.Length));
            await foreach (var frame in stream.ReadAllAsync())
                ids.AddRange(frame.Groups.Single().TokenIds);
            Assert.Equal(story.PromptIds, stream.Head.PromptIds.Single());
            return ids.ToArray();
        }));

        Assert.Equal(stories.Select(s => s.GeneratedIds), told);
    }

    [Fact]
    public async Task A_chat_is_the_same_streamed_and_whole()
    {
        await using var region = await GeneratingRegion.StartAsync(Made, MadeModels.Get(KvLayout.Shared));
        var chat = region.Services.GetRequiredService<IChatClient>();
        var options = new ChatOptions { Temperature = 0, MaxOutputTokens = 24 };

        var whole = await chat.GetResponseAsync("Tell me a story.", options);
        var streamed = await chat.GetStreamingResponseAsync("Tell me a story.", options).ToChatResponseAsync();

        Assert.Equal(whole.Text, streamed.Text);
        Assert.Equal(whole.FinishReason, streamed.FinishReason);
        Assert.InRange(whole.Usage!.OutputTokenCount!.Value, 1, 24);
        Assert.Equal((whole.Usage.InputTokenCount, whole.Usage.OutputTokenCount), (streamed.Usage!.InputTokenCount, streamed.Usage.OutputTokenCount));
        Assert.Equal(GeneratingRegion.Region, whole.AdditionalProperties!["region"]);
    }

    [Fact]
    public async Task A_stream_that_is_left_frees_its_slots()
    {
        const int Streams = 8;
        const int Choices = 4;
        await using var region = await GeneratingRegion.StartAsync(Made, MadeModels.Get(KvLayout.Shared));
        var cancelled = region.Counters.Cancelled;
        for (var i = 0; i < Streams; i++)
        {
            // Four times the context is more than an engine makes for a reader that does not read: none of them ends by itself.
            await using var stream = await region.Client.OpenAsync(Greedy("Once upon a time", null) with { ChoicesPerPrompt = Choices });
            Assert.Equal(Choices, stream.GetResume().Resume!.Length);
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (region.Counters is not { SlotsInUse: 0, Waiting: 0 })
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        Assert.InRange(region.Counters.Cancelled - cancelled, Streams, Streams * Choices);
        Assert.InRange(region.Counters.MostStepsAfterCancel, 0, 1);
    }

    [Fact]
    public async Task A_stream_goes_on_elsewhere_from_what_was_read()
    {
        await using var region = await GeneratingRegion.StartAsync(Made, MadeModels.Get(KvLayout.Shared));
        // More than one frame holds, however slow its reader is.
        var input = Greedy("Once upon a time", new EngineOptions().RingTokens + 44);
        var (whole, _) = await ReadAsync(region, input, int.MaxValue);

        var (begin, resume) = await ReadAsync(region, input, 1);
        Assert.NotEmpty(resume.Resume!);
        var (rest, _) = await ReadAsync(region, resume, int.MaxValue);

        Assert.Equal(whole, begin + rest);
    }

    [Fact]
    public async Task What_the_region_refuses_is_thrown_with_its_parameter()
    {
        await using var region = await GeneratingRegion.StartAsync(Made, MadeModels.Get(KvLayout.Shared));
        var chat = region.Services.GetRequiredService<IChatClient>();

        var tooLong = await Assert.ThrowsAsync<MeridianException>(() => region.Client.OpenAsync(Greedy(new string('x', 100_000), 1)));
        var negative = await Assert.ThrowsAsync<MeridianException>(() => region.Client.OpenAsync(Greedy("Once", -1)));
        var notANumber = await Assert.ThrowsAsync<MeridianException>(() => chat.GetResponseAsync("Hello", new ChatOptions { Temperature = float.NaN }));
        var unknown = await Assert.ThrowsAsync<MeridianException>(() => chat.GetResponseAsync("Hello", new ChatOptions { ModelId = "nobody" }));

        Assert.Equal(RefusalCode.InputTooLong, tooLong.Refusal.Code);
        Assert.Equal(RefusalCode.InvalidInput, negative.Refusal.Code);
        Assert.Equal((RefusalCode.InvalidInput, "temperature"), (notANumber.Refusal.Code, notANumber.Refusal.Param));
        Assert.Equal(RefusalCode.ModelNotFound, unknown.Refusal.Code);
    }

    /// <summary>Text up to the frame with which at least so many tokens are read, and what is needed to go on.</summary>
    private static async Task<(string Text, GenerationInput Resume)> ReadAsync(GeneratingRegion region, GenerationInput input, int tokens)
    {
        var text = "";
        await using var stream = await region.Client.OpenAsync(input);
        await foreach (var frame in stream.ReadAllAsync())
        {
            text += string.Concat(frame.Groups.Select(g => g.Text));
            if (frame.Next >= tokens)
                break;
        }

        return (text, stream.GetResume());
    }
}
