using System.IO.Hashing;
using System.Runtime.InteropServices;
using Meridian.Messages;

namespace Meridian.Routing.Decision;

/// <summary>
/// Computes a hash that requests share if they are best served in the same place. It is the xxHash3 (Y. Collet) of tenant, model and the caller's own key;
/// without such a key, the beginning of the first prompt is used instead. The hash is the same at every edge. The computation allocates nothing.
/// </summary>
public static class AffinityKey
{
    /// <summary>Number of characters at the beginning of a prompt that count.</summary>
    public const int MostCharacters = 1024;

    /// <summary>Number of token ids at the beginning of a prompt that count.</summary>
    public const int MostTokens = 256;

    /// <summary>The hash, or 0 if the request generates nothing: other work leaves nothing in a KV cache that a later request could use.</summary>
    public static ulong Of(InferRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Input is not GenerationInput { Prompts: { Length: > 0 } prompts })
            return 0;
        var rest = int.MaxValue;
        var hash = Add(Add(0, request.Tenant, ref rest), request.Model, ref rest);
        if (!string.IsNullOrEmpty(request.Affinity))
            return NotZero(Add(hash, request.Affinity, ref rest));
        rest = MostCharacters;
        return NotZero(prompts[0] switch
        {
            { TokenIds: { } ids } => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(ids.AsSpan(0, Math.Min(ids.Length, MostTokens))), (long)hash),
            { Messages: { } messages } => Add(hash, messages, ref rest),
            { Text: { } text } => Add(hash, text, ref rest),
            _ => hash,
        });
    }

    /// <summary>Hashes the instructions and the first turn, because every later request of the conversation begins with them.</summary>
    private static ulong Add(ulong hash, ChatMessage[] messages, ref int rest)
    {
        foreach (var message in messages)
        {
            hash = Add(hash, message.Content, ref rest);
            if (message.Role is not ("system" or "developer") || rest == 0)
                break;
        }

        return hash;
    }

    private static ulong Add(ulong hash, string? text, ref int rest)
    {
        var counted = text.AsSpan(0, Math.Min(text?.Length ?? 0, rest));
        rest -= counted.Length;
        return XxHash3.HashToUInt64(MemoryMarshal.AsBytes(counted), (long)hash);
    }

    private static ulong NotZero(ulong hash) => hash == 0 ? 1 : hash;
}
