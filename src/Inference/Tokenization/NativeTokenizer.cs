using System.Runtime.InteropServices;
using System.Text;
using Meridian.Inference.Packages;
using Tokenizers.DotNet;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// The native library over one package's tokenizer. Thread-safe.
/// </summary>
/// <remarks>
/// What the library needs and this class sees to:
/// <list type="bullet">
/// <item>It takes UTF-16 and refuses unpaired surrogates; they become U+FFFD before the call, as every UTF-8 encoder would have it.</item>
/// <item>It lower-cases character by character; <see cref="FinalSigma"/> puts right the one letter for which that is not enough.</item>
/// <item>It always puts the special tokens around a text; <see cref="Prefix"/> and <see cref="Suffix"/> say what can be taken off again.</item>
/// <item>A call cannot be stopped and takes more than a hundred bytes for each character, so long texts are encoded in pieces, see <see cref="TextPieces"/>.</item>
/// <item>Its time is linear in the text, so a text is read in growing prefixes until the answer is certain, and no further than <see cref="MaxCharacters"/>: 512 a token, where a language has four.
/// A prefix changes the tokens near its end: BERT splits at white space and punctuation, and a word above 100 characters is one unknown token, so at most 100 of
/// them; BPE and Unigram merge within the reach of their longest piece; a cut special token adds a few. With <see cref="CutMargin"/> tokens more than the limit, the
/// tokens up to the limit are the whole text's.</item>
/// <item>It loads from a path only. The verified bytes are written to a private temporary file, which is gone when the constructor returns.</item>
/// </list>
/// Special tokens written out in a text (<c>[SEP]</c>) become their ids, as in every Hugging Face tokenizer.
/// </remarks>
internal sealed class NativeTokenizer : IDisposable
{
    private const int CutMargin = 128;
    private const int CharactersPerToken = 16;
    private const int MostCharactersPerToken = 512;
    private const int ShortestPrefix = 4096;

    // Code units of a text after which the native library has allocated tens of megabytes.
    private const int TrimAt = 1 << 18;
    private readonly Tokenizer _tokenizer;
    private readonly bool _lowers;
    private readonly TextPieces _pieces;

    private NativeTokenizer(Tokenizer tokenizer, TokenizerFile file)
    {
        _tokenizer = tokenizer;
        _lowers = file.Lowers;
        var empty = tokenizer.Encode("");
        var before = empty.AsSpan().CommonPrefixLength(tokenizer.Encode("a"));
        Prefix = empty[..before];
        Suffix = empty[before..];
        _pieces = new TextPieces(EncodeWhole, file);
    }

    /// <value>Special tokens in front of every text.</value>
    public uint[] Prefix { get; }

    /// <value>Special tokens behind every text.</value>
    public uint[] Suffix { get; }

    /// <exception cref="ModelPackageException">The library cannot load the file.</exception>
    public static NativeTokenizer Load(TokenizerFile file) => Load(file, file.Json);

    /// <summary>As <see cref="Load(TokenizerFile)"/>, from other bytes than the file's.</summary>
    public static NativeTokenizer Load(TokenizerFile file, byte[] json)
    {
        Tokenizer? tokenizer = null;
        try
        {
            tokenizer = Open(json);
            return new NativeTokenizer(tokenizer, file);
        }
        catch (Exception e) when (e is TokenizerException or DllNotFoundException or IOException or UnauthorizedAccessException)
        {
            tokenizer?.Dispose();
            throw e is DllNotFoundException
                ? file.Mistake($"cannot be loaded: the native library hf_tokenizers is not beside the application for {RuntimeInformation.RuntimeIdentifier}. Add the package Tokenizers.DotNet.runtime.* of this platform.", e)
                : file.Mistake($"cannot be loaded: {e.Message} Export tokenizer.json again, or check the temporary directory '{Path.GetTempPath()}'.", e);
        }
    }

    /// <summary>How far a text is read at most where the limit is <paramref name="maxTokens"/>, in UTF-16 code units.</summary>
    public static int MaxCharacters(int maxTokens) => (int)Math.Min(int.MaxValue / 8, Math.Max(ShortestPrefix, (long)maxTokens * MostCharactersPerToken));

    /// <summary>
    /// Ids of a text, special tokens around them. Reads no more than needed to tell whether the text fits <paramref name="maxTokens"/>: either all of it, or a
    /// prefix that alone exceeds the limit, or <see cref="MaxCharacters"/> (then the last word may be cut).
    /// </summary>
    /// <param name="text">Any UTF-16, sound or not.</param>
    /// <param name="maxTokens">Limit, special tokens included.</param>
    /// <param name="cancellationToken">Looked at between the pieces of a long text.</param>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public TokenizedText Encode(string text, int maxTokens, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Encode(text.Length, maxTokens, end => [.. Prefix, .. EncodeBare(text[..end], cancellationToken), .. Suffix], end => !char.IsHighSurrogate(text[end - 1]));
    }

    /// <summary>As <see cref="Encode(string, int, CancellationToken)"/>, for a text that another method turns into ids.</summary>
    /// <param name="size">The text's UTF-16 code units.</param>
    /// <param name="maxTokens">Limit, special tokens included.</param>
    /// <param name="encode">Ids of the text up to a place.</param>
    /// <param name="ends">Whether a character ends at a place.</param>
    public static TokenizedText Encode(int size, int maxTokens, Func<int, uint[]> encode, Func<int, bool> ends)
    {
        var most = MaxCharacters(maxTokens);
        for (var length = Math.Max(ShortestPrefix, (long)maxTokens * CharactersPerToken); ; length *= 4)
        {
            var end = (int)Math.Min(length, most);
            if (end >= size)
                return new TokenizedText(encode(size), Complete: true);
            var ids = encode(ends(end) ? end : end - 1);
            if (ids.Length - CutMargin > maxTokens)
                return new TokenizedText(ids[..(ids.Length - CutMargin)], Complete: false);
            if (end == most)
                return new TokenizedText(ids, Complete: false);
        }
    }

    /// <summary>Ids of a whole text, without special tokens around them.</summary>
    public uint[] EncodeBare(string text, CancellationToken cancellationToken) => _pieces.Encode(Prepare(text), cancellationToken);

    /// <summary>Cuts ids to a limit, keeping the special tokens at the end.</summary>
    public uint[] Cut(uint[] ids, int maxTokens)
    {
        if (ids.Length <= maxTokens)
            return ids;
        var cut = ids[..maxTokens];
        Suffix.CopyTo(cut, maxTokens - Suffix.Length);
        return cut;
    }

    /// <summary>Text of ids, without special tokens.</summary>
    public string Decode(ReadOnlySpan<int> ids) => _tokenizer.Decode(MemoryMarshal.Cast<int, uint>(ids).ToArray());

    public void Dispose() => _tokenizer.Dispose();

    /// <summary>Ids of a text that <see cref="Prepare"/> has seen, by one call of the library.</summary>
    internal uint[] EncodeWhole(string text)
    {
        var ids = _tokenizer.Encode(text);
        if (text.Length >= TrimAt)
            NativeHeap.Trim();
        return ids[Prefix.Length..^Suffix.Length];
    }

    private static Tokenizer Open(byte[] json)
    {
        var directory = Directory.CreateTempSubdirectory("meridian-tokenizer-");
        try
        {
            var path = Path.Combine(directory.FullName, "tokenizer.json");
            File.WriteAllBytes(path, json);
            return new Tokenizer(path);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private string Prepare(string text)
    {
        var sound = Sound(text);
        return _lowers ? FinalSigma.Lower(sound) : sound;
    }

    private static string Sound(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
            return text;
        var sound = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            sound.Append(rune);
        return sound.ToString();
    }
}
