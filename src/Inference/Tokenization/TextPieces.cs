namespace Meridian.Inference.Tokenization;

/// <summary>
/// Encodes a long text in pieces. So a canceled request is noticed between two pieces, and the native library never holds more than one piece. The ids equal
/// those of the whole text.
/// </summary>
/// <remarks>
/// A text is cut between an ASCII letter or digit and a space, and only where the cut does not change the ids:
/// <list type="bullet">
/// <item>No piece of the vocabulary has a letter or digit before a space, so no token crosses the cut. If a tokenizer has such pieces, texts are never
/// cut.</item>
/// <item>The text around the cut has the same ids in one part and in two. This check detects tokenizers that put something before every text (Llama 2's
/// <c>▁</c>), tokens that swallow white space, and added tokens with a space inside.</item>
/// </list>
/// If there is no such place, the text is encoded whole.
/// </remarks>
/// <param name="encode">Returns the ids of a text, without special tokens around them.</param>
/// <param name="file">The tokenizer.</param>
internal sealed class TextPieces(Func<string, uint[]> encode, TokenizerFile file)
{
    /// <summary>Size of a piece in UTF-16 code units. Encoding one piece takes some tens of milliseconds.</summary>
    public const int Size = 1 << 15;

    /// <summary>Code units on either side of a cut whose ids are compared.</summary>
    private const int Around = 256;

    private const int Tries = 8;
    private const string Spaces = " \u2581\u0120";
    private readonly bool _cuts = file.Added.TrueForAll(token => token.Content.Length < Around)
        && !file.Tokens.Except(file.Added.Select(token => token.Content)).Any(CrossesWords);

    /// <exception cref="OperationCanceledException">The caller canceled. At most one piece was encoded after that.</exception>
    public uint[] Encode(string text, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_cuts || text.Length <= Size * 3 / 2)
            return encode(text);
        var ids = new List<uint>(text.Length / 3);
        var from = 0;
        for (var end = Size; text.Length - end > Size / 2; end += Size)
        {
            if (Cut(text, from, end) is not { } cut)
                continue;
            cancellationToken.ThrowIfCancellationRequested();
            ids.AddRange(encode(text[from..cut]));
            from = end = cut;
        }

        cancellationToken.ThrowIfCancellationRequested();
        ids.AddRange(encode(text[from..]));
        return [.. ids];
    }

    private static bool CrossesWords(string? token)
    {
        for (var i = 1; i < token?.Length; i++)
        {
            if (Spaces.Contains(token[i], StringComparison.Ordinal) && char.IsAsciiLetterOrDigit(token[i - 1]))
                return true;
        }

        return false;
    }

    /// <summary>The last place before <paramref name="end"/> where the text may be cut, or null if there is none.</summary>
    private int? Cut(string text, int from, int end)
    {
        var tries = Tries;
        for (var at = end; at > Math.Max(from + Around, end - (Size / 2)) && tries > 0; at--)
        {
            if (text[at] != ' ' || !char.IsAsciiLetterOrDigit(text[at - 1]))
                continue;
            tries--;
            var (first, last) = (Whole(text, at - Around), Whole(text, Math.Min(at + Around, text.Length)));
            uint[] parts = [.. encode(text[first..at]), .. encode(text[at..last])];
            if (parts.AsSpan().SequenceEqual(encode(text[first..last])))
                return at;
        }

        return null;
    }

    // Moves a place that lies within a surrogate pair to the start of the pair.
    private static int Whole(string text, int at) => at > 0 && at < text.Length && char.IsLowSurrogate(text[at]) ? at - 1 : at;
}
