using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Meridian.Inference.Packages;
using Tokenizers.DotNet;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// A package's Hugging Face tokenizer. Thread-safe.
/// </summary>
/// <remarks>
/// What the native library needs and this class sees to:
/// <list type="bullet">
/// <item>It takes UTF-16 and refuses unpaired surrogates; they become U+FFFD before the call, as every UTF-8 encoder would have it.</item>
/// <item>It lower-cases character by character; <see cref="FinalSigma"/> puts right the one letter for which that is not enough.</item>
/// <item>Its time is linear in the text, so a text is read in growing prefixes until the answer is certain, and no further than <see cref="MaxCharacters"/>: 512 a token, where a language has four.
/// A prefix changes at most the tokens of its last word: BERT splits at white space and punctuation, a word above 100 characters is one unknown token, so at
/// most 100 tokens, and a cut special token adds a few. With <see cref="CutMargin"/> tokens more than the limit, the tokens up to the limit are the whole text's.</item>
/// <item>It loads from a path only. The verified bytes are written to a private temporary file, which is gone when the constructor returns.</item>
/// </list>
/// Special tokens written out in a text (<c>[SEP]</c>) become their ids, as in every Hugging Face tokenizer.
/// </remarks>
public sealed class TextTokenizer : IDisposable
{
    private const int CutMargin = 128;
    private const int CharactersPerToken = 16;
    private const int MostCharactersPerToken = 512;
    private const int ShortestPrefix = 4096;
    private readonly Tokenizer _tokenizer;
    private readonly uint[] _prefix;
    private readonly uint[] _suffix;
    private readonly bool _lowers;

    private TextTokenizer(Tokenizer tokenizer, uint[] prefix, uint[] suffix, int vocabularySize, bool lowers)
    {
        _lowers = lowers;
        _tokenizer = tokenizer;
        _prefix = prefix;
        _suffix = suffix;
        VocabularySize = vocabularySize;
    }

    /// <value>Ids are below this.</value>
    public int VocabularySize { get; }

    /// <value>Special tokens around every text: 2 for BERT.</value>
    public int SpecialTokens => _prefix.Length + _suffix.Length;

    /// <summary>Reads, verifies and loads the package's tokenizer.</summary>
    /// <exception cref="ModelPackageException">The package has none, its file was altered, or it cannot be loaded.</exception>
    public static TextTokenizer Load(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        var path = package.Manifest.Tokenizer
            ?? throw new ModelPackageException(package.Manifest.Id, $"Model {package.Manifest.Id} names no tokenizer in its manifest; add tokenizer.json to the package.");
        var json = package.ReadFile(path);
        var file = Path.Combine(package.Directory, path);
        var (size, lowers) = Inspect(json, package, file);
        Tokenizer? tokenizer = null;
        try
        {
            tokenizer = Open(json);
            var empty = tokenizer.Encode("");
            var probe = tokenizer.Encode("a");
            var before = empty.AsSpan().CommonPrefixLength(probe);
            return new TextTokenizer(tokenizer, empty[..before], empty[before..], size, lowers);
        }
        catch (Exception e) when (e is TokenizerException or DllNotFoundException or IOException or UnauthorizedAccessException)
        {
            tokenizer?.Dispose();
            throw new ModelPackageException(
                file,
                e is DllNotFoundException
                    ? $"Tokenizer of {package.Manifest.Id} cannot be loaded: the native library hf_tokenizers is not beside the application for {RuntimeInformation.RuntimeIdentifier}. Add the package Tokenizers.DotNet.runtime.* of this platform."
                    : $"Tokenizer '{file}' of {package.Manifest.Id} cannot be loaded: {e.Message} Export tokenizer.json again, or check the temporary directory '{Path.GetTempPath()}'.",
                e);
        }
    }

    /// <summary>
    /// Ids of a text, special tokens around them. Reads no more than needed to tell whether the text fits <paramref name="maxTokens"/>: either all of it, or a
    /// prefix that alone exceeds the limit, or <see cref="MaxCharacters"/> (then the last word may be cut).
    /// </summary>
    /// <param name="text">Any UTF-16, sound or not.</param>
    /// <param name="maxTokens">Limit, special tokens included.</param>
    public TokenizedText Encode(string text, int maxTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        var most = MaxCharacters(maxTokens);
        for (var length = Math.Max(ShortestPrefix, maxTokens * CharactersPerToken); ; length *= 4)
        {
            var end = Math.Min(length, most);
            if (end >= text.Length)
                return new TokenizedText(_tokenizer.Encode(Prepare(text)), Complete: true);
            var ids = _tokenizer.Encode(Prepare(text[..(char.IsHighSurrogate(text[end - 1]) ? end - 1 : end)]));
            if (ids.Length > maxTokens + CutMargin)
                return new TokenizedText(Cut(ids, ids.Length - CutMargin), Complete: false);
            if (end == most)
                return new TokenizedText(ids, Complete: false);
        }
    }

    /// <summary>How far a text is read at most where the limit is <paramref name="maxTokens"/>, in UTF-16 code units.</summary>
    public static int MaxCharacters(int maxTokens) => (int)Math.Min(int.MaxValue / 8, Math.Max(ShortestPrefix, (long)maxTokens * MostCharactersPerToken));

    /// <summary>Ids without special tokens, put between them.</summary>
    public uint[] Wrap(ReadOnlySpan<int> ids)
    {
        var wrapped = GC.AllocateUninitializedArray<uint>(ids.Length + SpecialTokens);
        _prefix.CopyTo(wrapped, 0);
        MemoryMarshal.Cast<int, uint>(ids).CopyTo(wrapped.AsSpan(_prefix.Length));
        _suffix.CopyTo(wrapped, wrapped.Length - _suffix.Length);
        return wrapped;
    }

    /// <summary>Cuts ids to a limit, keeping the special tokens at the end.</summary>
    public uint[] Cut(uint[] ids, int maxTokens)
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (ids.Length <= maxTokens)
            return ids;
        var cut = ids[..maxTokens];
        _suffix.CopyTo(cut, maxTokens - _suffix.Length);
        return cut;
    }

    public void Dispose() => _tokenizer.Dispose();

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

    private static (int VocabularySize, bool Lowers) Inspect(byte[] json, ModelPackage package, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (IsSet("truncation") || IsSet("padding"))
            {
                throw new ModelPackageException(
                    file, $"Tokenizer '{file}' of {package.Manifest.Id} truncates or pads by itself, so that texts could not be counted. Set truncation and padding to null in it; limits are the manifest's maxTokens.");
            }

            var highest = -1;
            foreach (var token in root.GetProperty("model").GetProperty("vocab").EnumerateObject())
                highest = Math.Max(highest, token.Value.GetInt32());
            if (root.TryGetProperty("added_tokens", out var added))
            {
                foreach (var token in added.EnumerateArray())
                    highest = Math.Max(highest, token.GetProperty("id").GetInt32());
            }

            var lowers = root.TryGetProperty("normalizer", out var normalizer) && normalizer.ValueKind == JsonValueKind.Object
                && normalizer.GetProperty("type").GetString() == "BertNormalizer" && normalizer.GetProperty("lowercase").GetBoolean();
            return (highest + 1, lowers);

            bool IsSet(string name) => root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ModelPackageException(
                file, $"Tokenizer '{file}' of {package.Manifest.Id} is no Hugging Face tokenizer with a vocabulary of token to id: {e.Message} Export tokenizer.json again.", e);
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
