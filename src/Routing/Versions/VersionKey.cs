using System.IO.Hashing;
using System.Runtime.InteropServices;
using Meridian.Messages;

namespace Meridian.Routing.Versions;

/// <summary>
/// Hashes the property of a request by which it keeps its version: the tenant with the caller's own key (<see cref="InferRequest.VersionKey"/>), or with the first user
/// message, the first prompt or the first text. Requests for tokens of a text use the tenant alone, so that all of them meet the same tokenizer. A request without any of
/// them uses its id.
/// </summary>
public static class VersionKey
{
    public static ulong Of(InferRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var hash = Add(0, request.Tenant);
        if (!string.IsNullOrEmpty(request.VersionKey))
            return Add(hash, request.VersionKey);
        return request.Input switch
        {
            GenerationInput { Prompts: [{ } prompt, ..] } => Add(hash, prompt),
            EmbeddingInput { Texts: [{ } text, ..] } => Add(hash, text),
            EmbeddingInput { TokenIds: [{ } ids, ..] } => Add(hash, ids),
            TokenizeInput or DetokenizeInput => hash,
            _ => Add(hash, request.RequestId),
        };
    }

    private static ulong Add(ulong hash, PromptInput prompt)
    {
        if (prompt.Messages is { } messages)
            return Add(hash, (Array.Find(messages, static m => m.Role == "user") ?? messages.FirstOrDefault())?.Content);
        return prompt.TokenIds is { } ids ? Add(hash, ids) : Add(hash, prompt.Text);
    }

    private static ulong Add(ulong hash, int[] ids) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(ids.AsSpan()), (long)hash);

    private static ulong Add(ulong hash, string? text) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan()), (long)hash);
}
