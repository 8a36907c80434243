using Meridian.Jinja.Texts;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// Encodes rendered conversations so that only the template writes special tokens. Thread-safe.
/// </summary>
/// <remarks>
/// A conversation without forged tokens goes to the model's own tokenizer, so its ids are those of every other implementation. Only where one has a control
/// token's name with a character of the caller's, or where its ids have another control token than the template wrote, it goes to the disguised tokenizer. That
/// one is loaded then, which takes as long as loading the model's own, and kept.
/// </remarks>
internal sealed class PromptEncoder(NativeTokenizer native, ControlTokens? tokens, Func<NativeTokenizer> disguised) : IDisposable
{
    private readonly Lock _lock = new();
    private NativeTokenizer? _disguised;
    private bool _disposed;

    // A load that fails, for want of room for a temporary file perhaps, is tried again with the next prompt.
    private NativeTokenizer Disguised
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return _disguised ??= disguised();
            }
        }
    }

    public static PromptEncoder Make(NativeTokenizer native, TokenizerFile file, IEnumerable<string> template)
    {
        var tokens = ControlTokens.Find(file, template);
        return new PromptEncoder(native, tokens, () => NativeTokenizer.Load(file, DisguisedTokenizer.Make(file.Json, tokens!.Disguises)));
    }

    /// <summary>Ids of a prompt without further special tokens around them; reads no more of it than <see cref="NativeTokenizer.Encode(string, int, CancellationToken)"/>.</summary>
    public TokenizedText Encode(PromptText prompt, int maxTokens, CancellationToken cancellationToken) =>
        NativeTokenizer.Encode(prompt.Text.Length, maxTokens, end => Ids(prompt.Tracked[..end], cancellationToken), end => !char.IsHighSurrogate(prompt.Text[end - 1]));

    /// <summary>Ids by the disguised tokenizer, whether there are forged tokens or not. For tests: without forged tokens they equal the model's own.</summary>
    internal uint[] EncodeDisguised(PromptText prompt)
    {
        var text = prompt.Tracked;
        return tokens is null ? native.EncodeBare(text.Value, default) : Disguised.EncodeBare(tokens.Disguise(text.Value, tokens.Search(text).Own), default);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _disguised?.Dispose();
        }
    }

    private uint[] Ids(TrackedText text, CancellationToken cancellationToken)
    {
        if (tokens is null)
            return native.EncodeBare(text.Value, cancellationToken);
        var (own, forged) = tokens.Search(text);
        if (!forged && native.EncodeBare(text.Value, cancellationToken) is var ids && tokens.Agree(ids, own))
            return ids;
        return Disguised.EncodeBare(tokens.Disguise(text.Value, own), cancellationToken);
    }
}
