using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.AI;
using OpenAI;
using ChatClient = OpenAI.Chat.ChatClient;
using ChatCompletion = OpenAI.Chat.ChatCompletion;
using ChatCompletionOptions = OpenAI.Chat.ChatCompletionOptions;
using StreamingChatCompletionUpdate = OpenAI.Chat.StreamingChatCompletionUpdate;

namespace Meridian.Gateway.Tests.Clients.Generation;

/// <summary>Microsoft.Extensions.AI over the official .NET client against text generation at any Meridian address.</summary>
public static class ExtensionsAIScenario
{
    private const string Prompt = "Tell me a story";

    /// <param name="address">Of a front door or a region's facade.</param>
    /// <param name="model">A model that generates text.</param>
    /// <param name="lost">A model whose region is lost in mid-stream, or null where there is none.</param>
    public static async Task RunAsync(Uri address, string model, string? lost = null)
    {
        IChatClient Client(string name) =>
            new ChatClient(name, new ApiKeyCredential("any-key"), new OpenAIClientOptions { Endpoint = new Uri(address, "v1"), RetryPolicy = new ClientRetryPolicy(0) }).AsIChatClient();
        using var client = Client(model);

        var whole = await client.GetResponseAsync([new(ChatRole.System, "Be brief."), new(ChatRole.User, Prompt)], Options());
        Assert.NotEmpty(whole.Text);
        Assert.Equal(model, whole.ModelId);
        Assert.True(whole.FinishReason == ChatFinishReason.Stop || whole.FinishReason == ChatFinishReason.Length);
        Assert.Equal(whole.Usage!.InputTokenCount + whole.Usage.OutputTokenCount, whole.Usage.TotalTokenCount);

        var bare = await client.GetResponseAsync(Prompt, Options());
        List<ChatResponseUpdate> updates = [];
        await foreach (var update in client.GetStreamingResponseAsync(Prompt, Options()))
        {
            updates.Add(update);
        }

        var streamed = updates.ToChatResponse();
        Assert.Equal(bare.Text, streamed.Text);
        Assert.Equal(bare.FinishReason, streamed.FinishReason);
        Assert.Equal(bare.Usage!.OutputTokenCount, streamed.Usage!.OutputTokenCount);

        // How many tokens come together is the moment's affair, but for a script.
        Assert.True(updates.Count(update => update.Text.Length > 0) > (lost is null ? 0 : 1));

        var options = Options();
        options.StopSequences = [bare.Text[4..7]];
        var stopped = await client.GetResponseAsync(Prompt, options);
        Assert.Equal(bare.Text[..bare.Text.IndexOf(bare.Text[4..7], StringComparison.Ordinal)], stopped.Text);
        Assert.Equal(ChatFinishReason.Stop, stopped.FinishReason);

        options = Options();
        options.Temperature = 1;
        options.TopP = 0.9f;
        options.FrequencyPenalty = 0.5f;
        options.PresencePenalty = 0.5f;
        Assert.Equal((await client.GetResponseAsync(Prompt, options)).Text, (await client.GetResponseAsync(Prompt, options)).Text);

        options = Options();
        options.ResponseFormat = ChatResponseFormat.Json;
        var json = await Assert.ThrowsAsync<ClientResultException>(() => client.GetResponseAsync(Prompt, options));
        Assert.Equal(400, json.Status);
        Assert.Contains("response_format", json.Message, StringComparison.Ordinal);
        using var unknown = Client("no-such-model");
        Assert.Equal(404, (await Assert.ThrowsAsync<ClientResultException>(() => unknown.GetResponseAsync(Prompt))).Status);

        await RawAsync(client, bare.Text);
        await AbortAsync(client);
        Assert.Equal(bare.Text, (await client.GetResponseAsync(Prompt, Options())).Text);
        if (lost is not null)
        {
            using var losing = Client(lost);
            // The client below reads over an event that is an error: what tells is that there is no finish reason.
            var part = await losing.GetStreamingResponseAsync(Prompt, Options()).ToChatResponseAsync();
            Assert.NotEmpty(part.Text);
            Assert.Null(part.FinishReason);
        }
    }

    /// <summary>What the common options have no place for goes through the client's own: its log probabilities, and fields that it does not know.</summary>
    private static async Task RawAsync(IChatClient client, string text)
    {
        var options = Options();
        options.RawRepresentationFactory = static _ => new ChatCompletionOptions { IncludeLogProbabilities = true, TopLogProbabilityCount = 2 };
        var answer = await client.GetResponseAsync(Prompt, options);
        Assert.Equal(text, answer.Text);
        var whole = Assert.IsType<ChatCompletion>(answer.RawRepresentation).ContentTokenLogProbabilities;
        Assert.Equal(answer.Usage!.OutputTokenCount, whole.Count);
        Assert.All(whole, token => Assert.Equal(2, token.TopLogProbabilities.Count));
        List<string> streamed = [];
        await foreach (var update in client.GetStreamingResponseAsync(Prompt, options))
        {
            streamed.AddRange((update.RawRepresentation as StreamingChatCompletionUpdate)?.ContentTokenLogProbabilities.Select(token => token.Token) ?? []);
        }

        Assert.Equal(whole.Select(token => token.Token), streamed);

        options = Options();
        options.RawRepresentationFactory = static _ =>
        {
            var raw = new ChatCompletionOptions();
#pragma warning disable SCME0001 // Patches are marked for evaluation.
            raw.Patch.Set("$.n"u8, 3);
#pragma warning restore SCME0001
            return raw;
        };

        // The classes show the first choice; the usage counts all of them.
        var several = await client.GetResponseAsync(Prompt, options);
        Assert.Equal(text, several.Text);
        Assert.True(several.Usage!.OutputTokenCount > answer.Usage.OutputTokenCount);
    }

    private static async Task AbortAsync(IChatClient client)
    {
        using var abort = new CancellationTokenSource();
        var options = Options();
        options.MaxOutputTokens = 400;
        var seen = 0;
        try
        {
            await foreach (var _ in client.GetStreamingResponseAsync(Prompt, options, abort.Token))
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
    }

    private static ChatOptions Options() => new() { MaxOutputTokens = 12, Temperature = 0, Seed = 7 };
}
