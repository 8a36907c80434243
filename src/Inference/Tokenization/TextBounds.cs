using Meridian.Inference.Packages;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// The special tokens around a text. <c>tokenizer.json</c> defines them, and <c>add_bos_token</c> and <c>add_eos_token</c> of <c>tokenizer_config.json</c> take
/// precedence.
/// </summary>
internal sealed class TextBounds
{
    private readonly NativeTokenizer _native;
    private readonly uint[] _before;
    private readonly uint[] _after;

    /// <exception cref="ModelPackageException">The settings ask for a token that the vocabulary does not have.</exception>
    public TextBounds(NativeTokenizer native, TokenizerFile file, TokenizerSettings settings)
    {
        _native = native;
        _before = native.Prefix;
        _after = native.Suffix;
        var begin = Id(file, settings.Begin);
        EndId = Id(file, settings.End);
        if (settings.AddBegin == true)
        {
            var added = Needed(file, begin, "add_bos_token", "bos_token", settings.Begin);
            if (_before.Length == 0 || _before[0] != added)
                _before = [added, .. _before];
        }
        else if (settings.AddBegin == false && _before.Length > 0 && _before[0] == begin)
        {
            _before = _before[1..];
        }

        if (settings.AddEnd == true)
        {
            var added = Needed(file, EndId, "add_eos_token", "eos_token", settings.End);
            if (_after.Length == 0 || _after[^1] != added)
                _after = [.. _after, added];
        }
        else if (settings.AddEnd == false && _after.Length > 0 && _after[^1] == EndId)
        {
            _after = _after[..^1];
        }
    }

    /// <value>The token that ends a text, even if it is not added to texts; null if none is named.</value>
    public uint? EndId { get; }

    /// <summary>
    /// Ids of a text with its special tokens, which count towards the limit. See <see cref="NativeTokenizer.Encode(string, int, CancellationToken)"/>.
    /// </summary>
    public TokenizedText Encode(string text, int maxTokens, CancellationToken cancellationToken)
    {
        if (ReferenceEquals(_before, _native.Prefix) && ReferenceEquals(_after, _native.Suffix))
            return _native.Encode(text, maxTokens, cancellationToken);
        var given = _native.Prefix.Length + _native.Suffix.Length;
        var own = _before.Length + _after.Length;
        var tokens = _native.Encode(text, (int)Math.Clamp((long)maxTokens + given - own, given, int.MaxValue), cancellationToken);
        return tokens with { Ids = [.. _before, .. tokens.Ids[_native.Prefix.Length..^_native.Suffix.Length], .. _after] };
    }

    private static uint? Id(TokenizerFile file, string? token) => token is not null && Array.IndexOf(file.Tokens, token) is >= 0 and var id ? (uint)id : null;

    private static uint Needed(TokenizerFile file, uint? id, string flag, string name, string? token) =>
        id ?? throw file.Mistake($"is to put {name} around texts, since tokenizer_config.json has {flag} true; but {(token is null ? $"no {name} is named there" : $"'{token}' is no token of it")}. Set {flag} to false, or name the token.");
}
