using System.IO.Hashing;
using System.Runtime.InteropServices;
using Meridian.Messages;

namespace Meridian.Routing.Decision;

/// <summary>
/// What a request has in common with others that are best served in the same place: xxHash3 (Y. Collet) of tenant, model and the caller's own key, or else the beginning of the first prompt. The same
/// at every edge. Allocates nothing.
/// </summary>
public static class AffinityKey
{
    /// <summary>Characters of a prompt that count, about as many tokens as are worth keeping.</summary>
    public const int MostCharacters = 1024;

    /// <summary>Ids of a prompt that count.</summary>
    public const int MostTokens = 256;

    /// <summary>The key, or 0 where nothing is generated: other work keeps nothing that a later request could use.</summary>
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

    /// <summary>The instructions and the first turn: what every later request of the conversation begins with.</summary>
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
