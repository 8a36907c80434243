using Microsoft.Extensions.AI;

namespace Meridian.Samples.Chat;

/// <summary>A story as the answer of a chat, printed as it comes.</summary>
internal static class Conversation
{
    public static async Task<Telling> TellAsync(IChatClient chat, string prompt, int maxTokens, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        TimeSpan? first = null;
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in chat.GetStreamingResponseAsync(prompt, new ChatOptions { MaxOutputTokens = maxTokens }, cancellationToken))
        {
            first ??= time.GetElapsedTime(started);
            Console.Write(update.Text);
            updates.Add(update);
        }

        var whole = updates.ToChatResponse();
        return new Telling(
            $"{whole.AdditionalProperties?["region"]}",
            $"{whole.AdditionalProperties?["version"]}",
            whole.Usage?.OutputTokenCount ?? 0,
            first ?? default,
            time.GetElapsedTime(started));
    }
}
