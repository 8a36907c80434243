using System.Text.Json;
using Meridian.Client.Chat;
using Meridian.Messages;
using Microsoft.Extensions.AI;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Meridian.Client.Tests.Chat;

public class ChatInputTests
{
    private static readonly ChatMessage[] Hello = [new(ChatRole.User, "Hello")];

    private static GenerationInput Map(IEnumerable<ChatMessage> messages, ChatOptions? options = null) =>
        ChatInput.Of(messages, options, new NoClient(), new SeedSource(new Random(7)));

    private static SamplingInput With(string name, object? value) => Map(Hello, new ChatOptions { AdditionalProperties = new() { [name] = value } }).Sampling;

    [Fact]
    public void Messages_become_turns()
    {
        var input = Map(
            [
                new(ChatRole.System, "Be brief."),
                new(new ChatRole("Developer"), "Tests."),
                new(ChatRole.User, [new TextContent("Tell me "), new TextContent("a story.")]) { AuthorName = "ada" },
                new(ChatRole.Assistant, "Once"),
            ],
            new ChatOptions { Instructions = "First of all." });

        var prompt = Assert.Single(input.Prompts);
        Assert.Null(prompt.Text);
        Assert.Null(prompt.TokenIds);
        Assert.Equal(
            [("system", "First of all.", null), ("system", "Be brief.", null), ("developer", "Tests.", null), ("user", "Tell me a story.", "ada"), ("assistant", "Once", null)],
            prompt.Messages!.Select(m => (m.Role, m.Content, m.Name)));
    }

    [Fact]
    public void A_seed_and_temperature_0_ask_for_the_same_bits()
    {
        Assert.False(Map(Hello).Reproducible);
        Assert.False(Map(Hello, new ChatOptions { Temperature = 0.5f }).Reproducible);
        Assert.True(Map(Hello, new ChatOptions { Temperature = 0 }).Reproducible);
        Assert.True(Map(Hello, new ChatOptions { Seed = 5 }).Reproducible);
    }

    [Fact]
    public void Every_option_travels()
    {
        var input = Map(Hello, new ChatOptions
        {
            Temperature = 0.5f,
            TopP = 0.9f,
            TopK = 40,
            MaxOutputTokens = 99,
            StopSequences = ["END", "\n\n"],
            Seed = 12345678901,
            PresencePenalty = -0.5f,
            FrequencyPenalty = 1.5f,
            ResponseFormat = ChatResponseFormat.Text,
            ToolMode = ChatToolMode.Auto,
            Tools = [],
            AdditionalProperties = new() { ["min_p"] = 0.05, ["repetition_penalty"] = 1.1m, ["logit_bias"] = new Dictionary<int, float> { [5] = -100, [7] = 2.5f } },
        });

        Assert.Equal(99, input.MaxTokens);
        Assert.Equal(["END", "\n\n"], input.Stop);
        Assert.Equal([new LogitBias(5, -100), new LogitBias(7, 2.5f)], input.Sampling.LogitBias);
        Assert.Equal(
            new SamplingInput
            {
                Temperature = 0.5f,
                TopP = 0.9f,
                TopK = 40,
                MinP = 0.05f,
                RepetitionPenalty = 1.1f,
                PresencePenalty = -0.5f,
                FrequencyPenalty = 1.5f,
                Seed = 12345678901,
            },
            input.Sampling with { LogitBias = new SamplingInput { Seed = 0 }.LogitBias });
        Assert.Equal(1, input.ChoicesPerPrompt);
        Assert.Null(input.TopLogprobs);
        Assert.Null(input.Resume);
    }

    [Fact]
    public void Without_options_the_defaults_hold_and_every_seed_is_another()
    {
        var seeds = new SeedSource(new Random(7));
        var inputs = Enumerable.Range(0, 100).Select(i => ChatInput.Of(Hello, i % 2 == 0 ? null : new ChatOptions(), new NoClient(), seeds)).ToArray();

        Assert.Equal(100, inputs.Select(i => i.Sampling.Seed).Distinct().Count());
        Assert.All(inputs, i =>
        {
            Assert.Equal((1f, 1f, 0, 0f, 1f, 0f, 0f), (i.Sampling.Temperature, i.Sampling.TopP, i.Sampling.TopK, i.Sampling.MinP, i.Sampling.RepetitionPenalty, i.Sampling.PresencePenalty, i.Sampling.FrequencyPenalty));
            Assert.Null(i.MaxTokens);
            Assert.Empty(i.Stop);
        });
    }

    [Fact]
    public void Properties_that_came_through_json_are_read()
    {
        var json = JsonDocument.Parse("""{"min_p": 0.1, "logit_bias": {"42": -1.5}, "repetition_penalty": null}""").RootElement;

        Assert.Equal(0.1f, With("min_p", json.GetProperty("min_p")).MinP);
        Assert.Equal([new LogitBias(42, -1.5f)], With("logit_bias", json.GetProperty("logit_bias")).LogitBias);
        Assert.Equal(1, With("repetition_penalty", json.GetProperty("repetition_penalty")).RepetitionPenalty);
        Assert.Equal([new LogitBias(42, 3)], With("Logit_Bias", new Dictionary<string, object> { ["42"] = 3 }).LogitBias);
        Assert.Equal([new LogitBias(1, 2)], With("logit_bias", new[] { new LogitBias(1, 2) }).LogitBias);
        Assert.Equal(0, With("min_p", null).MinP);
    }

    [Theory]
    [InlineData("min_p", "0.1", "[\"min_p\"] is '0.1'")]
    [InlineData("min_p", true, "[\"min_p\"] is 'True'")]
    [InlineData("logit_bias", 3, "must map token ids to numbers")]
    [InlineData("top_a", 0.1, "[\"top_a\"] means nothing")]
    public void Wrong_properties_are_named(string name, object value, string complaint) =>
        Assert.Contains(complaint, Assert.Throws<ArgumentException>(() => With(name, value)).Message, StringComparison.Ordinal);

    [Fact]
    public void Wrong_biases_are_named()
    {
        Assert.Contains("'cat'", Assert.Throws<ArgumentException>(() => With("logit_bias", new Dictionary<string, float> { ["cat"] = 1 })).Message, StringComparison.Ordinal);
        Assert.Contains("'-1'", Assert.Throws<ArgumentException>(() => With("logit_bias", new Dictionary<int, float> { [-1] = 1 })).Message, StringComparison.Ordinal);
        Assert.Contains("[\"7\"] is 'much'", Assert.Throws<ArgumentException>(() => With("logit_bias", new Dictionary<int, object> { [7] = "much" })).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, Action<ChatOptions>> Unsupported() => new()
    {
        { "Tools", o => o.Tools = [AIFunctionFactory.Create(() => 1, "one")] },
        { "ToolMode", o => o.ToolMode = ChatToolMode.RequireAny },
        { "ToolMode", o => o.ToolMode = ChatToolMode.RequireSpecific("one") },
        { "ResponseFormat", o => o.ResponseFormat = ChatResponseFormat.Json },
        { "ConversationId", o => o.ConversationId = "c-1" },
        { "Reasoning", o => o.Reasoning = new ReasoningOptions { Effort = ReasoningEffort.High } },
        { "RawRepresentationFactory", o => o.RawRepresentationFactory = _ => new object() },
    };

    [Theory]
    [MemberData(nameof(Unsupported), DisableDiscoveryEnumeration = true)]
    public void What_cannot_be_done_is_refused_by_name(string option, Action<ChatOptions> set)
    {
        var options = new ChatOptions();
        set(options);

        Assert.Contains($"ChatOptions.{option} ", Assert.Throws<NotSupportedException>(() => Map(Hello, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_asks_for_nothing_is_no_mistake() =>
        Map(Hello, new ChatOptions { ToolMode = ChatToolMode.None, Reasoning = new ReasoningOptions { Effort = ReasoningEffort.None }, RawRepresentationFactory = _ => null, AllowMultipleToolCalls = true });

    [Fact]
    public void Wrong_messages_are_named()
    {
        Assert.Throws<ArgumentNullException>(() => Map(null!));
        Assert.Throws<ArgumentException>(() => Map([]));
        Assert.Contains("messages[1]", Assert.Throws<ArgumentException>(() => Map([Hello[0], null!])).Message, StringComparison.Ordinal);
        Assert.Contains("'narrator'", Assert.Throws<ArgumentException>(() => Map([new(new ChatRole("narrator"), "Once")])).Message, StringComparison.Ordinal);
        Assert.Contains("messages[0].Role is 'tool'", Assert.Throws<NotSupportedException>(() => Map([new(ChatRole.Tool, "1")])).Message, StringComparison.Ordinal);
        Assert.Contains(
            "messages[0].Contents[1] is DataContent",
            Assert.Throws<NotSupportedException>(() => Map([new(ChatRole.User, [new TextContent("What is this?"), new DataContent(new byte[] { 1 }, "image/png")])])).Message,
            StringComparison.Ordinal);
    }

    private sealed class NoClient : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new InvalidOperationException();

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new InvalidOperationException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
            // It holds nothing.
        }
    }
}
