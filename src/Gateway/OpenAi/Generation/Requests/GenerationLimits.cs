namespace Meridian.Gateway.OpenAi.Generation.Requests;

/// <summary>Bounds of a request for text besides those that its fields have by meaning and those of <see cref="Meridian.Messages.GenerationInput"/>.</summary>
internal static class GenerationLimits
{
    /// <summary>Most tokens with a bias.</summary>
    public const int MaxBiases = 1024;

    /// <summary>Most alternatives that a chat completion names beside each token.</summary>
    public const int MaxTopLogprobs = 20;

    /// <summary>Most alternatives that a legacy completion names beside each token.</summary>
    public const int MaxLegacyLogprobs = 5;

    /// <summary>Longest <c>prompt_cache_key</c>, characters.</summary>
    public const int MaxCacheKeyLength = 1024;

    /// <summary>Most tokens of a legacy completion that does not say.</summary>
    public const int LegacyMaxTokens = 16;
}
