namespace Meridian.Gateway.OpenAi.Generation.Requests;

/// <summary>Limits of a generation request, besides the value ranges of its fields and the limits of <see cref="Meridian.Messages.GenerationInput"/>.</summary>
internal static class GenerationLimits
{
    /// <summary>Maximum number of tokens with a bias.</summary>
    public const int MaxBiases = 1024;

    /// <summary>Maximum number of alternatives that a chat completion lists for each token.</summary>
    public const int MaxTopLogprobs = 20;

    /// <summary>Maximum number of alternatives that a legacy completion lists for each token.</summary>
    public const int MaxLegacyLogprobs = 5;

    /// <summary>Maximum length of <c>prompt_cache_key</c>, characters.</summary>
    public const int MaxCacheKeyLength = 1024;

    /// <summary>Maximum number of generated tokens of a legacy completion that does not give <c>max_tokens</c>.</summary>
    public const int LegacyMaxTokens = 16;
}
