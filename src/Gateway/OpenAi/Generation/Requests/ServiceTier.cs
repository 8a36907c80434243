using Meridian.Gateway.Errors;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Requests;

/// <summary>OpenAI's <c>service_tier</c>: how urgent the work is, and at which price.</summary>
internal static class ServiceTier
{
    /// <summary>For work that can wait and should cost least.</summary>
    public const string Flex = "flex";

    /// <summary>For ordinary work.</summary>
    public const string Default = "default";

    public static bool IsKnown(string text) => text is Flex or "auto" or Default or "priority";

    /// <summary>
    /// Maps a caller's tier to the tier that is served, see <see cref="InferRequest.Tier"/>: <c>flex</c>, or null for ordinary work, which every other tier
    /// is.
    /// </summary>
    public static string? Served(string? text) => text == Flex ? Flex : null;

    public static ApiError Unknown(string text, string field) =>
        ApiError.Invalid("invalid_value", $"'{field}' is '{ApiError.Shorten(text)}': it must be 'auto', 'default', 'flex' or 'priority'.", field);
}
