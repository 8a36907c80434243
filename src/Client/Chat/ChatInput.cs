using Meridian.Messages;
using Microsoft.Extensions.AI;
using Turn = Meridian.Messages.ChatMessage;

namespace Meridian.Client.Chat;

/// <summary>
/// Converts a chat of Microsoft.Extensions.AI to Meridian's input. A setting without a counterpart is refused by name, because ignoring it would silently
/// change the answer.
/// </summary>
internal static class ChatInput
{
    /// <param name="messages">The conversation.</param>
    /// <param name="options">The settings, or null.</param>
    /// <param name="client">The client that is passed to <see cref="ChatOptions.RawRepresentationFactory"/>.</param>
    /// <param name="seeds">Draws the seed if the options have none.</param>
    /// <exception cref="ArgumentException">A message or a value is wrong.</exception>
    /// <exception cref="NotSupportedException">The options or a message ask for a feature that this version does not have.</exception>
    public static GenerationInput Of(IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, ChatOptions? options, IChatClient client, SeedSource seeds)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (options is not null)
            RefuseUnsupported(options, client);
        return new GenerationInput
        {
            Prompts = [new PromptInput { Messages = Turns(messages, options?.Instructions) }],
            MaxTokens = options?.MaxOutputTokens,
            Stop = options?.StopSequences is { } stop ? [.. stop] : [],
            Sampling = Sampling(options, seeds),
            Reproducible = options?.Seed is not null || options?.Temperature == 0,
        };
    }

    private static SamplingInput Sampling(ChatOptions? options, SeedSource seeds)
    {
        var sampling = new SamplingInput { Seed = options?.Seed ?? seeds.Next() };
        if (options is null)
            return sampling;
        sampling = sampling with
        {
            Temperature = options.Temperature ?? sampling.Temperature,
            TopP = options.TopP ?? sampling.TopP,
            TopK = options.TopK ?? sampling.TopK,
            PresencePenalty = options.PresencePenalty ?? sampling.PresencePenalty,
            FrequencyPenalty = options.FrequencyPenalty ?? sampling.FrequencyPenalty,
        };
        return ChatProperties.Apply(options.AdditionalProperties, sampling);
    }

    private static Turn[] Turns(IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, string? instructions)
    {
        var turns = new List<Turn>();
        if (!string.IsNullOrEmpty(instructions))
            turns.Add(new Turn { Role = "system", Content = instructions });
        var index = 0;
        foreach (var message in messages)
        {
            if (message is null)
                throw new ArgumentException($"messages[{index}] is null.", nameof(messages));
            for (var i = 0; i < message.Contents.Count; i++)
            {
                if (message.Contents[i] is not TextContent)
                    throw new NotSupportedException($"messages[{index}].Contents[{i}] is {message.Contents[i]?.GetType().Name ?? "null"}: only text is understood.");
            }

            turns.Add(new Turn { Role = Role(message.Role, index), Content = message.Text, Name = message.AuthorName });
            index++;
        }

        return turns.Count > 0 ? [.. turns] : throw new ArgumentException("There is no message to answer.", nameof(messages));
    }

    private static string Role(ChatRole role, int index)
    {
        foreach (var known in (ReadOnlySpan<string>)["system", "developer", "user", "assistant"])
        {
            if (known.Equals(role.Value, StringComparison.OrdinalIgnoreCase))
                return known;
        }

        return role == ChatRole.Tool
            ? throw new NotSupportedException($"messages[{index}].Role is 'tool': tools are not supported.")
            : throw new ArgumentException($"messages[{index}].Role is '{role.Value}': must be system, developer, user or assistant.");
    }

    private static void RefuseUnsupported(ChatOptions options, IChatClient client)
    {
        Refuse(options.Tools is { Count: > 0 }, nameof(options.Tools), "no tool can be called");
        Refuse(options.ToolMode is RequiredChatToolMode, nameof(options.ToolMode), "no tool can be called");
        Refuse(options.ResponseFormat is not null and not ChatResponseFormatText, nameof(options.ResponseFormat), "the answer is text");
        Refuse(options.ConversationId is not null, nameof(options.ConversationId), "no conversation is kept; send its messages");
        Refuse(options.Reasoning?.Effort is not null and not ReasoningEffort.None, nameof(options.Reasoning), "how a model reasons is its template's matter");
        Refuse(options.Reasoning?.Output is not null and not ReasoningOutput.None, nameof(options.Reasoning), "reasoning is not told from the answer");
        Refuse(options.AllowBackgroundResponses is true, nameof(options.AllowBackgroundResponses), "an answer ends with its reader");
        Refuse(options.ContinuationToken is not null, nameof(options.ContinuationToken), "an answer ends with its reader");
        Refuse(options.RawRepresentationFactory?.Invoke(client) is not null, nameof(options.RawRepresentationFactory), "use IMeridianClient.OpenAsync for a request of your own making");
    }

    private static void Refuse(bool asked, string option, string why)
    {
        if (asked)
            throw new NotSupportedException($"ChatOptions.{option} is not supported: {why}.");
    }
}
