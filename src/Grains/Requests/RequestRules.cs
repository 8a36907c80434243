using Meridian.Messages;
using Meridian.Specs;

namespace Meridian.Grains.Requests;

/// <summary>Checks of a request that a router and a shard share.</summary>
internal static class RequestRules
{
    /// <summary>Whether a version and variant match a request. A request without a version or variant accepts any.</summary>
    public static bool Serves(InferRequest request, string version, string variant) =>
        (request.Version is null || string.Equals(request.Version, version, StringComparison.Ordinal))
        && (request.Variant is null || string.Equals(request.Variant, variant, StringComparison.Ordinal));

    /// <summary>The refusal of a request that asks for more than the model's limits, or null.</summary>
    public static Refusal? OverLimit(InferRequest request, RequestLimits? limits) => (request.Input, limits) switch
    {
        (EmbeddingInput { Count: var count }, { MaxItems: { } most }) when count > most => new Refusal
        {
            Code = RefusalCode.InvalidInput,
            Message = $"'input' has {count} items; model '{request.Model}' takes at most {most} in one request.",
            Param = "input",
        },
        (GenerationInput { MaxTokens: { } asked, Resume: null }, { MaxOutputTokens: { } most }) when asked > most => new Refusal
        {
            Code = RefusalCode.InvalidInput,
            Message = $"The request asks for {asked} tokens; model '{request.Model}' generates at most {most} for each choice.",
            Param = "max_tokens",
        },
        _ => null,
    };

    /// <summary>The request with the model's limit where it names none itself.</summary>
    public static InferRequest Limited(InferRequest request, RequestLimits? limits) =>
        request.Input is GenerationInput { MaxTokens: null } input && limits?.MaxOutputTokens is { } most ? request with { Input = input with { MaxTokens = most } } : request;

    public static Refusal OutOfTime(InferRequest request) =>
        new() { Code = RefusalCode.Deadline, Message = $"The deadline of request {request.RequestId} passed before its answer was computed." };
}
