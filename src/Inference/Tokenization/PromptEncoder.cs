using Meridian.Jinja.Texts;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// Encodes rendered conversations such that only the template can produce special tokens. Thread-safe.
/// </summary>
/// <remarks>
/// Problem: a caller may write the name of a control token in a message (a forged token). Normally a conversation has no forged tokens and goes to the model's
/// own tokenizer, so its ids equal those of every other implementation.
/// A conversation goes to the disguised tokenizer in two cases: it contains a control token's name of which the caller wrote at least one character, or its ids
/// have other control tokens than the template wrote. The disguised tokenizer is loaded at its first use and then kept. Loading it takes as long as loading the
/// model's own tokenizer.
/// </remarks>
internal sealed class PromptEncoder(NativeTokenizer native, ControlTokens? tokens, Func<NativeTokenizer> disguised) : IDisposable
{
    private readonly Lock _lock = new();
    private NativeTokenizer? _disguised;
    private bool _disposed;

    // If loading fails, for example because the disk has no room for a temporary file, the next prompt tries again.
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

    /// <summary>
    /// Ids of a prompt, without further special tokens around them. Reads no more of the prompt than
    /// <see cref="NativeTokenizer.Encode(string, int, CancellationToken)"/> does.
    /// </summary>
    public TokenizedText Encode(PromptText prompt, int maxTokens, CancellationToken cancellationToken) =>
        NativeTokenizer.Encode(prompt.Text.Length, maxTokens, end => Ids(prompt.Tracked[..end], cancellationToken), end => !char.IsHighSurrogate(prompt.Text[end - 1]));

    /// <summary>
    /// Encodes with the disguised tokenizer, even without forged tokens. For tests: without forged tokens the ids equal those of the model's own tokenizer.
    /// </summary>
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
