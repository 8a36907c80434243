using System.Text.Json;
using Meridian.Inference.Sampling;

namespace Meridian.Load;

/// <summary>A request for text, to be streamed; it goes on past ends of text.</summary>
/// <param name="Name">In messages.</param>
/// <param name="Model">Who shall answer.</param>
/// <param name="Prompt">Its token ids.</param>
/// <param name="MaxTokens">Tokens of the answer.</param>
/// <param name="Sampling">Temperature and seed; all else as it is by default.</param>
public sealed record StreamBody(string Name, string Model, int[] Prompt, int MaxTokens, SamplingSettings Sampling)
{
    /// <value>A text to continue instead of <see cref="Prompt"/>, or null.</value>
    public string? Text { get; init; }

    /// <value>Body of <c>POST /v1/completions</c>; one choice, streamed, with usage and the log probability of each token.</value>
    public string Json => JsonSerializer.Serialize(new
    {
        model = Model,
        prompt = Text is null ? (object)Prompt : Text,
        logprobs = 1,
        max_tokens = MaxTokens,
        temperature = Sampling.Temperature,
        seed = Sampling.Seed,
        ignore_eos = true,
        stream = true,
        stream_options = new { include_usage = true },
    });
}
