using Meridian.Client;
using Meridian.Messages;

namespace Meridian.Samples.Chat;

/// <summary>A story that goes on where the prompt ends, printed as it comes.</summary>
internal static class Continuation
{
    public static async Task<Telling> TellAsync(IMeridianClient client, string prompt, int maxTokens, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        var input = new GenerationInput
        {
            Prompts = [new PromptInput { Text = prompt }],
            MaxTokens = maxTokens,
            Sampling = new SamplingInput { Temperature = 0.8f, Seed = started },
        };
        await using var stream = await client.OpenAsync(input, cancellationToken: cancellationToken);
        var first = time.GetElapsedTime(started);
        var tokens = 0;
        Console.Write(prompt);
        await foreach (var frame in stream.ReadAllAsync(cancellationToken))
        {
            foreach (var group in frame.Groups)
            {
                Console.Write(group.Text);
                tokens += group.TokenIds.Length;
            }
        }

        return new Telling(stream.Head.Region, stream.Head.Version, tokens, first, time.GetElapsedTime(started));
    }
}
