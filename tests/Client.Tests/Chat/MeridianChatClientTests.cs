using Meridian.Client.Tests.Harness;
using Meridian.Messages;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Meridian.Client.Tests.Chat;

public sealed class MeridianChatClientTests(ThreeRegions regions) : RegionsTest(regions)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private RegionScript East => Regions.East.Script;

    private static void Story(ScriptedStream stream)
    {
        stream.Emit("Once");
        stream.Emit([new TokenGroup { Choice = 0, Position = 4, TokenIds = [9, 9], Text = "" }], false);
        stream.Emit([new TokenGroup { Choice = 0, Position = 6, TokenIds = [9], Text = " upon a time" }], false);
        stream.Emit([new TokenGroup { Choice = 0, Position = 7, TokenIds = [2], Text = "", Finish = FinishReason.Stop }], true);
    }

    [Fact]
    public async Task An_answer_has_text_usage_and_origin()
    {
        East.Write = Story;
        await using var client = await new TestClient([Regions.East], o => o.Tenant = "acme").AllAliveAsync();

        var response = await client.Chat.GetResponseAsync("Tell me a story.", new ChatOptions { Seed = 5 });

        Assert.Equal("Once upon a time", response.Text);
        Assert.Equal(ChatRole.Assistant, Assert.Single(response.Messages).Role);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal("stories", response.ModelId);
        Assert.Equal((3, 2, 8, 11), (response.Usage!.InputTokenCount, response.Usage.CachedInputTokenCount, response.Usage.OutputTokenCount, response.Usage.TotalTokenCount));
        Assert.Equal(("eastus", "v1@test", "fp32"), (response.AdditionalProperties!["region"], response.AdditionalProperties["version"], response.AdditionalProperties["variant"]));
        var request = Assert.Single(East.Requests);
        Assert.Equal(("stories", "acme", response.ResponseId), (request.Model, request.Tenant, request.RequestId));
        var input = Assert.IsType<GenerationInput>(request.Input);
        Assert.Equal(5, input.Sampling.Seed);
        Assert.Equal(("user", "Tell me a story."), (input.Prompts[0].Messages![0].Role, input.Prompts[0].Messages![0].Content));
    }

    [Fact]
    public async Task A_streamed_answer_adds_up_to_the_same()
    {
        East.Write = Story;
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();

        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in client.Chat.GetStreamingResponseAsync("Tell me a story.", new ChatOptions { ModelId = "stories" }))
            updates.Add(update);

        Assert.Equal(["Once", " upon a time", "", ""], updates.Select(u => u.Text));
        Assert.All(updates, u => Assert.Equal((ChatRole.Assistant, "stories", updates[0].ResponseId, updates[0].CreatedAt), (u.Role!.Value, u.ModelId, u.ResponseId, u.CreatedAt)));
        Assert.Equal(ChatFinishReason.Stop, Assert.Single(updates, u => u.FinishReason is not null).FinishReason);
        Assert.Equal("eastus", updates[0].AdditionalProperties!["region"]);
        Assert.Equal(4, Assert.IsType<TokenGroup>(updates[0].RawRepresentation).TokenIds.Length);
        var response = updates.ToChatResponse();
        Assert.Equal("Once upon a time", response.Text);
        Assert.Equal((3, 2, 8, 11), (response.Usage!.InputTokenCount, response.Usage.CachedInputTokenCount, response.Usage.OutputTokenCount, response.Usage.TotalTokenCount));
        Assert.Single(response.Messages);
        Assert.False(Assert.Single(East.Streams).Closed.IsCompleted);
    }

    [Fact]
    public async Task Updates_come_as_the_tokens_do()
    {
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        East.Write = s => s.Emit("a");
        await using var updates = client.Chat.GetStreamingResponseAsync("Tell me a story.").GetAsyncEnumerator();

        Assert.True(await updates.MoveNextAsync());
        Assert.Equal("a", updates.Current.Text);
        Assert.Single(East.Streams).Emit("b");
        Assert.True(await updates.MoveNextAsync());
        Assert.Equal("b", updates.Current.Text);
        Assert.Single(East.Streams).Emit("c", FinishReason.Length);
        Assert.True(await updates.MoveNextAsync());
        Assert.Equal(("c", ChatFinishReason.Length), (updates.Current.Text, updates.Current.FinishReason));
    }

    [Fact]
    public async Task Leaving_the_enumeration_closes_the_stream()
    {
        East.Write = s => s.Emit("a");
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();

        await foreach (var update in client.Chat.GetStreamingResponseAsync("Tell me a story."))
            break;

        Assert.True(Assert.Single(East.Streams).Closed.IsCompleted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_token_in_mid_stream_closes_the_stream(bool streamed)
    {
        using var impatience = new CancellationTokenSource();
        var opened = new TaskCompletionSource<ScriptedStream>(TaskCreationOptions.RunContinuationsAsynchronously);
        East.Write = s =>
        {
            s.Emit("a");
            opened.SetResult(s);
        };
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        var answer = streamed
            ? client.Chat.GetStreamingResponseAsync("Tell me a story.", cancellationToken: impatience.Token).ToChatResponseAsync()
            : client.Chat.GetResponseAsync("Tell me a story.", cancellationToken: impatience.Token);
        var stream = await opened.Task.WaitAsync(Patience);
        await stream.FirstRead.WaitAsync(Patience);

        await impatience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer.WaitAsync(Patience));
        Assert.True(stream.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_region_lost_in_mid_stream_costs_the_chat_nothing_but_time()
    {
        East.Write = s => s.Emit("a");
        Regions.Europe.Script.Write = Regions.Asia.Script.Write = s => s.Emit("b", FinishReason.Stop);
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        await using var updates = client.Chat.GetStreamingResponseAsync("Tell me a story.").GetAsyncEnumerator();
        Assert.True(await updates.MoveNextAsync());
        var next = updates.MoveNextAsync().AsTask();

        Regions.East.Distance.Kill();

        Assert.True(await next.WaitAsync(Patience));
        Assert.Equal("b", updates.Current.Text);
    }

    [Fact]
    public async Task A_region_that_cannot_begin_is_left_for_the_next()
    {
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        East.Refuse(RefusalCode.NoCapacity);
        Regions.Europe.Script.Write = Regions.Asia.Script.Write = Story;

        var response = await client.Chat.GetResponseAsync("Tell me a story.");

        Assert.NotEqual("eastus", response.AdditionalProperties!["region"]);
        Assert.Equal("Once upon a time", response.Text);
    }

    [Fact]
    public async Task Mistakes_show_before_the_enumeration()
    {
        await using var client = new TestClient([Regions.East], o => o.DefaultChatModel = null);

        Assert.Throws<NotSupportedException>(() => client.Chat.GetStreamingResponseAsync("a", new ChatOptions { ModelId = "stories", ResponseFormat = ChatResponseFormat.Json }));
        Assert.Contains("DefaultChatModel", Assert.Throws<ArgumentException>(() => client.Chat.GetStreamingResponseAsync("a")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_says_what_it_is()
    {
        await using var client = new TestClient([Regions.East]);
        var metadata = client.Chat.GetService<ChatClientMetadata>();
        Assert.Equal(("meridian", "stories"), (metadata!.ProviderName, metadata.DefaultModelId));
        Assert.Same(client.Client, client.Chat.GetService<IMeridianClient>());
        Assert.Same(client.Chat, client.Chat.GetService<IChatClient>());
        Assert.Null(client.Chat.GetService<ChatClientMetadata>("some key"));
    }

    [Fact]
    public async Task It_takes_its_place_in_a_pipeline()
    {
        East.Write = Story;
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        using var services = new ServiceCollection().AddLogging(l => l.SetMinimumLevel(LogLevel.Trace)).BuildServiceProvider();
        using var pipeline = new ChatClientBuilder(client.Chat)
            .UseLogging(services.GetRequiredService<ILoggerFactory>())
            .UseOpenTelemetry()
            .UseFunctionInvocation()
            .ConfigureOptions(o => o.MaxOutputTokens = 77)
            .Build();

        Assert.Equal("Once upon a time", (await pipeline.GetResponseAsync([new ChatMessage(ChatRole.User, "Tell me a story.")])).Text);
        Assert.Equal("Once upon a time", (await pipeline.GetStreamingResponseAsync("Tell me a story.").ToChatResponseAsync()).Text);
        Assert.All(East.Streams, s => Assert.Equal(77, ((GenerationInput)s.Request.Input).MaxTokens));
        Assert.Same(client.Client, pipeline.GetService<IMeridianClient>());
    }
}
