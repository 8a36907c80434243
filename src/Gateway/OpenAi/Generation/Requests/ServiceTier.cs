using Meridian.Gateway.Errors;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Requests;

/// <summary>OpenAI's <c>service_tier</c>: how soon work is wanted, and at which price.</summary>
internal static class ServiceTier
{
    /// <summary>For work that can wait and wants the least price.</summary>
    public const string Flex = "flex";

    /// <summary>For ordinary work.</summary>
    public const string Default = "default";

    public static bool IsKnown(string text) => text is Flex or "auto" or Default or "priority";

    /// <summary>What a caller's tier is served as, see <see cref="InferRequest.Tier"/>: <c>flex</c>, or null for ordinary work, which all others are.</summary>
    public static string? Served(string? text) => text == Flex ? Flex : null;

    public static ApiError Unknown(string text, string field) =>
        ApiError.Invalid("invalid_value", $"'{field}' is '{ApiError.Shorten(text)}': it must be 'auto', 'default', 'flex' or 'priority'.", field);
}
