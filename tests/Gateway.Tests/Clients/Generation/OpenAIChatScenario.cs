using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;

namespace Meridian.Gateway.Tests.Clients.Generation;

/// <summary>The official .NET client against text generation at any Meridian address, with nothing changed but the address.</summary>
public static class OpenAIChatScenario
{
    private static readonly ChatMessage[] Conversation = [new UserChatMessage("Tell me a story")];

    /// <param name="address">Of a front door or a region's facade.</param>
    /// <param name="model">A model that generates text.</param>
    /// <param name="lost">A model whose region is lost in mid-stream, or null where there is none.</param>
    public static async Task RunAsync(Uri address, string model, string? lost = null)
    {
        ChatClient Client(string name) => new(name, new ApiKeyCredential("any-key"), new OpenAIClientOptions { Endpoint = new Uri(address, "v1"), RetryPolicy = new ClientRetryPolicy(0) });
        var client = Client(model);

        var whole = (await client.CompleteChatAsync(Conversation, Options())).Value;
        var text = Assert.Single(whole.Content).Text;
        Assert.NotEmpty(text);
        Assert.StartsWith("chatcmpl-", whole.Id, StringComparison.Ordinal);
        Assert.Equal(model, whole.Model);
        Assert.Equal(ChatMessageRole.Assistant, whole.Role);
        Assert.True(whole.FinishReason is ChatFinishReason.Stop or ChatFinishReason.Length);
        Assert.StartsWith("fp_", whole.SystemFingerprint, StringComparison.Ordinal);
        Assert.Equal(whole.Usage.InputTokenCount + whole.Usage.OutputTokenCount, whole.Usage.TotalTokenCount);
        Assert.Equal(0, whole.Usage.OutputTokenDetails.ReasoningTokenCount);
        Assert.Empty(whole.ContentTokenLogProbabilities);

        await StreamAsync(client, text, whole.Usage);
        await StopAsync(client, text);
        await SeedAsync(client);
        await LogprobsAsync(client);
        await ChoicesAsync(client, model);
        await AbortAsync(client, text);

        var unknown = await Assert.ThrowsAsync<ClientResultException>(() => Client("no-such-model").CompleteChatAsync(Conversation));
        Assert.Equal(404, unknown.Status);
        Assert.Contains("model_not_found", unknown.Message, StringComparison.Ordinal);
        var options = Options();
        options.Temperature = 3;
        var hot = await Assert.ThrowsAsync<ClientResultException>(() => client.CompleteChatAsync(Conversation, options));
        Assert.Equal(400, hot.Status);
        Assert.Contains("temperature", hot.Message, StringComparison.Ordinal);
        options = Options();
        options.Tools.Add(ChatTool.CreateFunctionTool("f"));
        var tools = await Assert.ThrowsAsync<ClientResultException>(() => client.CompleteChatAsync(Conversation, options));
        Assert.Contains("tools", tools.Message, StringComparison.Ordinal);

        if (lost is not null)
        {
            var said = new StringBuilder();
            // The client reads over an event that is an error: what tells is that there is no finish reason.
            await foreach (var update in Client(lost).CompleteChatStreamingAsync(Conversation, Options()))
            {
                Say(said, update);
                Assert.Null(update.FinishReason);
            }

            Assert.NotEmpty(said.ToString());
        }
    }

    private static async Task StreamAsync(ChatClient client, string text, ChatTokenUsage usage)
    {
        var said = new StringBuilder();
        List<StreamingChatCompletionUpdate> updates = [];
        await foreach (var update in client.CompleteChatStreamingAsync(Conversation, Options()))
        {
            Say(said, update);
            updates.Add(update);
        }

        Assert.Equal(text, said.ToString());
        Assert.Equal(ChatMessageRole.Assistant, updates[0].Role);
        Assert.Single(updates.Select(update => update.CompletionId).Distinct());
        Assert.Single(updates, update => update.FinishReason is not null);
        // The client asks for usage by itself.
        var counted = Assert.Single(updates, update => update.Usage is not null);
        Assert.Same(updates[^1], counted);
        Assert.Equal(usage.OutputTokenCount, counted.Usage.OutputTokenCount);
    }

    private static async Task StopAsync(ChatClient client, string text)
    {
        var options = Options();
        options.StopSequences.Add(text[4..7]);
        var stopped = (await client.CompleteChatAsync(Conversation, options)).Value;
        Assert.Equal(text[..text.IndexOf(text[4..7], StringComparison.Ordinal)], string.Concat(stopped.Content.Select(part => part.Text)));
        Assert.Equal(ChatFinishReason.Stop, stopped.FinishReason);
    }

    private static async Task SeedAsync(ChatClient client)
    {
        HashSet<string> texts = [];
        for (var seed = 20; seed < 24; seed++)
        {
            var first = (await client.CompleteChatAsync(Conversation, Options(1, seed))).Value;
            var second = (await client.CompleteChatAsync(Conversation, Options(1, seed))).Value;
            Assert.Equal(first.Content[0].Text, second.Content[0].Text);
            texts.Add(first.Content[0].Text);
        }

        Assert.True(texts.Count > 1);
    }

    private static async Task LogprobsAsync(ChatClient client)
    {
        var options = Options();
        options.IncludeLogProbabilities = true;
        options.TopLogProbabilityCount = 2;
        var answer = (await client.CompleteChatAsync(Conversation, options)).Value;
        Assert.Equal(answer.Usage.OutputTokenCount, answer.ContentTokenLogProbabilities.Count);
        Assert.All(answer.ContentTokenLogProbabilities, token => Assert.Equal(2, token.TopLogProbabilities.Count));
        List<string> streamed = [];
        await foreach (var update in client.CompleteChatStreamingAsync(Conversation, options))
        {
            streamed.AddRange(update.ContentTokenLogProbabilities.Select(token => token.Token));
        }

        Assert.Equal(answer.ContentTokenLogProbabilities.Select(token => token.Token), streamed);
    }

    /// <summary>The client's own classes know one choice; its protocol methods carry any body.</summary>
    private static async Task ChoicesAsync(ChatClient client, string model)
    {
        string Body(string more) => $$"""{"model":"{{model}}","messages":[{"role":"user","content":"Tell me a story"}],"max_tokens":6,"n":3,"seed":1{{more}}}""";
        var answer = await client.CompleteChatAsync(BinaryContent.Create(BinaryData.FromString(Body(""))));
        using var json = JsonDocument.Parse(answer.GetRawResponse().Content);
        var choices = json.RootElement.GetProperty("choices").EnumerateArray().ToList();
        Assert.Equal([0, 1, 2], choices.Select(choice => choice.GetProperty("index").GetInt32()));

        var said = new StringBuilder[] { new(), new(), new() };
        var finished = new int[3];
        var streamed = await client.CompleteChatAsync(BinaryContent.Create(BinaryData.FromString(Body(""","stream":true"""))), new RequestOptions { BufferResponse = false });
        using var reader = new StreamReader(streamed.GetRawResponse().ContentStream!);
        var last = "";
        while (await reader.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
            {
                continue;
            }

            last = line;
            if (line == "data: [DONE]")
            {
                continue;
            }

            using var chunk = JsonDocument.Parse(line.AsMemory(6));
            foreach (var choice in chunk.RootElement.GetProperty("choices").EnumerateArray())
            {
                var index = choice.GetProperty("index").GetInt32();
                if (choice.GetProperty("delta").TryGetProperty("content", out var content))
                {
                    said[index].Append(content.GetString());
                }

                finished[index] += choice.GetProperty("finish_reason").ValueKind == JsonValueKind.Null ? 0 : 1;
            }
        }

        Assert.Equal("data: [DONE]", last);
        Assert.Equal([1, 1, 1], finished);
        Assert.Equal(choices.Select(choice => choice.GetProperty("message").GetProperty("content").GetString()), said.Select(text => text.ToString()));
    }

    private static async Task AbortAsync(ChatClient client, string text)
    {
        using var abort = new CancellationTokenSource();
        var options = Options();
        options.MaxOutputTokenCount = 400;
        var seen = 0;
        try
        {
            await foreach (var _ in client.CompleteChatStreamingAsync(Conversation, options, abort.Token))
            {
                if (++seen == 3)
                {
                    await abort.CancelAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
        }

        Assert.True(seen >= 3);
        Assert.Equal(text, (await client.CompleteChatAsync(Conversation, Options())).Value.Content[0].Text);
    }

    private static void Say(StringBuilder said, StreamingChatCompletionUpdate update)
    {
        foreach (var part in update.ContentUpdate)
        {
            said.Append(part.Text);
        }
    }

#pragma warning disable OPENAI001 // Seed is marked for evaluation.
    private static ChatCompletionOptions Options(float temperature = 0, long seed = 7) => new() { MaxOutputTokenCount = 12, Temperature = temperature, Seed = seed };
#pragma warning restore OPENAI001
}
