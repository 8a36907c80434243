using System.Runtime.InteropServices;
using System.Text;
using Meridian.Inference.Packages;
using Tokenizers.DotNet;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// Wraps the native library for one package's tokenizer. Thread-safe.
/// </summary>
/// <remarks>
/// The native library has limits that this class handles:
/// <list type="bullet">
/// <item>It takes UTF-16 and refuses unpaired surrogates. They become U+FFFD before the call, as in every UTF-8 encoder.</item>
/// <item>It lower-cases each character by itself. <see cref="FinalSigma"/> corrects the one letter for which that is wrong.</item>
/// <item>It always puts the special tokens around a text. <see cref="Prefix"/> and <see cref="Suffix"/> tell which tokens can be removed again.</item>
/// <item>A call cannot be canceled and takes more than a hundred bytes per character. So long texts are encoded in pieces, see <see cref="TextPieces"/>.</item>
/// <item>Its time is linear in the text. So a text is read in growing prefixes until the answer is certain, but no further than <see cref="MaxCharacters"/>:
/// 512 characters per token, where natural language has about four. A prefix changes the tokens near its end. BERT splits at white space and punctuation, and a
/// word of more than 100 characters is one unknown token, so at most 100 tokens change. BPE and Unigram merge within the length of their longest piece. A
/// special token that is cut adds a few tokens. So a prefix must have <see cref="CutMargin"/> tokens more than the limit; then the tokens up to the limit equal
/// those of the whole text.</item>
/// <item>It loads from a path only. The verified bytes are written to a private temporary file, which is deleted before the load returns.</item>
/// </list>
/// A special token that is written out in a text (<c>[SEP]</c>) becomes its id, as in every Hugging Face tokenizer.
/// </remarks>
internal sealed class NativeTokenizer : IDisposable
{
    private const int CutMargin = 128;
    private const int CharactersPerToken = 16;
    private const int MostCharactersPerToken = 512;
    private const int ShortestPrefix = 4096;

    // From this size of a text on, in code units, the native library has allocated tens of megabytes. Then the free memory is returned to the system.
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

    /// <value>Special tokens that the library puts before every text.</value>
    public uint[] Prefix { get; }

    /// <value>Special tokens that the library puts after every text.</value>
    public uint[] Suffix { get; }

    /// <exception cref="ModelPackageException">The library cannot load the file.</exception>
    public static NativeTokenizer Load(TokenizerFile file) => Load(file, file.Json);

    /// <summary>As <see cref="Load(TokenizerFile)"/>, but from <paramref name="json"/> instead of the file's own bytes.</summary>
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

    /// <summary>Maximum number of UTF-16 code units that are read of a text, if the limit is <paramref name="maxTokens"/>.</summary>
    public static int MaxCharacters(int maxTokens) => (int)Math.Min(int.MaxValue / 8, Math.Max(ShortestPrefix, (long)maxTokens * MostCharactersPerToken));

    /// <summary>
    /// Ids of a text with special tokens around them. Reads no more than is needed to tell whether the text fits <paramref name="maxTokens"/>: all of it, or a
    /// prefix that exceeds the limit, or <see cref="MaxCharacters"/> (then the last word may be cut).
    /// </summary>
    /// <param name="text">Any UTF-16, even with unpaired surrogates.</param>
    /// <param name="maxTokens">Limit, special tokens included.</param>
    /// <param name="cancellationToken">Checked between the pieces of a long text.</param>
    /// <exception cref="OperationCanceledException">The caller canceled.</exception>
    public TokenizedText Encode(string text, int maxTokens, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Encode(text.Length, maxTokens, end => [.. Prefix, .. EncodeBare(text[..end], cancellationToken), .. Suffix], end => !char.IsHighSurrogate(text[end - 1]));
    }

    /// <summary>As <see cref="Encode(string, int, CancellationToken)"/>, for a text that <paramref name="encode"/> converts to ids.</summary>
    /// <param name="size">Length of the text in UTF-16 code units.</param>
    /// <param name="maxTokens">Limit, special tokens included.</param>
    /// <param name="encode">Returns the ids of the text up to an index.</param>
    /// <param name="ends">Whether a character ends at an index.</param>
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

    /// <summary>Cuts ids to a limit but keeps the special tokens at the end.</summary>
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

    /// <summary>Ids of a text that <see cref="Prepare"/> has processed, in one call of the library.</summary>
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
