using Meridian.Messages;

namespace Meridian.Grains.Requests;

/// <summary>Checks of a request that a router and a shard share.</summary>
internal static class RequestRules
{
    /// <summary>Whether a version and variant match a request. A request without a version or variant accepts any.</summary>
    public static bool Serves(InferRequest request, string version, string variant) =>
        (request.Version is null || string.Equals(request.Version, version, StringComparison.Ordinal))
        && (request.Variant is null || string.Equals(request.Variant, variant, StringComparison.Ordinal));

    public static Refusal OutOfTime(InferRequest request) =>
        new() { Code = RefusalCode.Deadline, Message = $"The deadline of request {request.RequestId} passed before its answer was computed." };
}
