using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using Meridian.Jinja.Texts;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// The control tokens of a model: the tokens that its tokenizer calls special, and the markers that its chat template writes. Finds them in a rendered
/// conversation and tells the template's own tokens from forged ones. A token is forged if the caller wrote at least one of its characters.
/// </summary>
internal sealed class ControlTokens
{
    private readonly SearchValues<string> _any;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly int[] _lengths;
    private readonly HashSet<uint> _checked;

    private ControlTokens(Dictionary<string, int> ids, int? unknown)
    {
        _any = SearchValues.Create([.. ids.Keys], StringComparison.Ordinal);
        _ids = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _lengths = [.. ids.Keys.Select(content => content.Length).Distinct().OrderDescending()];
        _checked = [.. ids.Values.Where(id => id != unknown).Select(id => (uint)id)];
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        Disguises = ids.Keys.ToDictionary(content => content, content => $"{secret}{ids[content].ToString("x8", CultureInfo.InvariantCulture)}", StringComparer.Ordinal);
    }

    /// <value>
    /// For each control token, the text that stands for it in the disguised tokenizer. It contains 128 random bits, drawn when the model is loaded, so no
    /// caller can guess it. It consists of lower-case ASCII letters and digits, which normalizers do not change. All disguises have the same length, so none is
    /// part of another.
    /// </value>
    public Dictionary<string, string> Disguises { get; }

    /// <summary>Finds the control tokens of a model. Null if it has none.</summary>
    /// <param name="file">The model's tokenizer.</param>
    /// <param name="template">The source of the chat template, and the special tokens that it gets as variables.</param>
    public static ControlTokens? Find(TokenizerFile file, IEnumerable<string> template)
    {
        var written = template.ToArray();
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var token in file.Added)
        {
            if (token.IsSpecial || (IsMarker(token.Content) && Array.Exists(written, text => text.Contains(token.Content, StringComparison.Ordinal))))
                ids.TryAdd(token.Content, token.Id);
        }

        return ids.Count == 0 ? null : new ControlTokens(ids, file.UnknownId);
    }

    /// <summary>Finds the template's own tokens in a text, and whether it has forged ones.</summary>
    public (List<Occurrence> Own, bool Forged) Search(TrackedText text)
    {
        var own = new List<Occurrence>();
        var forged = false;
        var value = text.Value;
        var free = 0;
        for (var at = 0; value.AsSpan(at).IndexOfAny(_any) is >= 0 and var ahead; at++)
        {
            at += ahead;

            // The longest token comes first, as in the tokenizer. A token that begins within another token does not count.
            foreach (var length in _lengths)
            {
                if (length > value.Length - at || !_ids.TryGetValue(value.AsSpan(at, length), out var content, out var id))
                    continue;
                if (!text[at..(at + length)].IsWhollyOfTemplate)
                {
                    forged = true;
                }
                else if (at >= free)
                {
                    own.Add(new Occurrence(at, content, (uint)id));
                    free = at + length;
                }
            }
        }

        return (own, forged);
    }

    /// <summary>
    /// Whether the control tokens among the ids are exactly the template's own tokens, in order. This detects forged tokens that <see cref="Search"/> cannot
    /// find, for example <c>＜s＞</c> in full width, which a normalizer converts to <c>&lt;s&gt;</c>.
    /// </summary>
    public bool Agree(ReadOnlySpan<uint> ids, List<Occurrence> own)
    {
        var next = 0;
        foreach (var id in ids)
        {
            if (!_checked.Contains(id))
                continue;
            while (next < own.Count && !_checked.Contains(own[next].Id))
                next++;
            if (next == own.Count || own[next++].Id != id)
                return false;
        }

        while (next < own.Count && !_checked.Contains(own[next].Id))
            next++;
        return next == own.Count;
    }

    /// <summary>Creates the text for the disguised tokenizer: the template's own tokens are replaced by their disguises; all other text stays.</summary>
    public string Disguise(string text, List<Occurrence> own)
    {
        var disguised = new System.Text.StringBuilder(text.Length + (own.Count * 40));
        var copied = 0;
        foreach (var token in own)
        {
            disguised.Append(text, copied, token.At - copied).Append(Disguises[token.Content]);
            copied = token.At + token.Content.Length;
        }

        return disguised.Append(text, copied, text.Length - copied).ToString();
    }

    // A marker begins and ends with a sign. An added token that is an ordinary word is no marker, nor are the line ends among Gemma's added tokens.
    private static bool IsMarker(string content) =>
        content.Length > 2 && IsSign(content[0]) && IsSign(content[^1]) && content.Any(char.IsLetterOrDigit);

    private static bool IsSign(char unit) => char.IsPunctuation(unit) || char.IsSymbol(unit);

    public readonly record struct Occurrence(int At, string Content, uint Id);
}
