namespace Meridian.Gateway.Generation;

/// <summary>Bounds of a request for text besides those that its fields have by meaning.</summary>
internal static class GenerationLimits
{
    /// <summary>Most stop strings. OpenAI's limit.</summary>
    public const int MaxStops = 4;

    /// <summary>Longest stop string, UTF-16 units. It is looked for after every token, and as much text is kept back.</summary>
    public const int MaxStopLength = 1024;

    /// <summary>Most tokens with a bias.</summary>
    public const int MaxBiases = 1024;

    /// <summary>Most alternatives that a chat completion names beside each token.</summary>
    public const int MaxTopLogprobs = 20;

    /// <summary>Most alternatives that a legacy completion names beside each token.</summary>
    public const int MaxLegacyLogprobs = 5;

    /// <summary>Most tokens of a legacy completion that does not say.</summary>
    public const int LegacyMaxTokens = 16;
}
