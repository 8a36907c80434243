using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using Meridian.Jinja.Texts;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// The tokens that steer a model: those that its tokenizer calls special, and the markers that its chat template writes. Finds them in a rendered conversation and
/// tells the template's own from the forged ones, which have a character of the caller's.
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
    /// For each token a text that stands for it in the disguised tokenizer. No caller can guess it: 128 random bits, drawn when the model is loaded. Lower-case ASCII
    /// letters and digits, which normalizers leave as they are; all of one length, so that none is part of another.
    /// </value>
    public Dictionary<string, string> Disguises { get; }

    /// <summary>The tokens of a model, or null where it has none.</summary>
    /// <param name="file">Its tokenizer.</param>
    /// <param name="template">The chat template, and the texts of the tokens that it is given by name.</param>
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

    /// <summary>The template's own tokens in a text, and whether there are forged ones.</summary>
    public (List<Occurrence> Own, bool Forged) Search(TrackedText text)
    {
        var own = new List<Occurrence>();
        var forged = false;
        var value = text.Value;
        var free = 0;
        for (var at = 0; value.AsSpan(at).IndexOfAny(_any) is >= 0 and var ahead; at++)
        {
            at += ahead;

            // Longest first, as the tokenizer prefers them; a token that begins within another one is none.
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
    /// Whether the ids of a text have the template's own tokens in their order, and no others. It catches forged tokens that no search finds, for
    /// example <c>＜s＞</c> in full width, of which a normalizer makes <c>&lt;s&gt;</c>.
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

    /// <summary>The text for the disguised tokenizer: the template's own tokens are replaced by their disguise, all else stays.</summary>
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

    // A word that the vocabulary happens to have as an added token is none, nor are the line ends that Gemma's has.
    private static bool IsMarker(string content) =>
        content.Length > 2 && IsSign(content[0]) && IsSign(content[^1]) && content.Any(char.IsLetterOrDigit);

    private static bool IsSign(char unit) => char.IsPunctuation(unit) || char.IsSymbol(unit);

    public readonly record struct Occurrence(int At, string Content, uint Id);
}
