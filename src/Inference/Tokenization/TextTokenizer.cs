using System.Runtime.InteropServices;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// A package's Hugging Face tokenizer, for texts that are cut at a limit. Thread-safe. Unpaired surrogates become U+FFFD; special tokens written out in a
/// text (<c>[SEP]</c>) become their ids, as in every Hugging Face tokenizer.
/// </summary>
public sealed class TextTokenizer : IDisposable
{
    private readonly NativeTokenizer _native;

    private TextTokenizer(NativeTokenizer native, int vocabularySize)
    {
        _native = native;
        VocabularySize = vocabularySize;
    }

    /// <value>Ids are below this.</value>
    public int VocabularySize { get; }

    /// <value>Special tokens around every text: 2 for BERT.</value>
    public int SpecialTokens => _native.Prefix.Length + _native.Suffix.Length;

    /// <summary>Reads, verifies and loads the package's tokenizer.</summary>
    /// <exception cref="ModelPackageException">The package has none, its file was altered, or it cannot be loaded.</exception>
    public static TextTokenizer Load(ModelPackage package)
    {
        var file = TokenizerFile.Read(package);
        return new TextTokenizer(NativeTokenizer.Load(file), file.VocabularySize);
    }

    /// <summary>
    /// Ids of a text, special tokens around them. Reads no more than needed to tell whether the text fits <paramref name="maxTokens"/>: either all of it, or a
    /// prefix that alone exceeds the limit, or <see cref="MaxCharacters"/> (then the last word may be cut).
    /// </summary>
    /// <param name="text">Any UTF-16, sound or not.</param>
    /// <param name="maxTokens">Limit, special tokens included.</param>
    /// <param name="cancellationToken">Looked at between the pieces of a long text.</param>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public TokenizedText Encode(string text, int maxTokens, CancellationToken cancellationToken = default) => _native.Encode(text, maxTokens, cancellationToken);

    /// <summary>How far a text is read at most where the limit is <paramref name="maxTokens"/>, in UTF-16 code units.</summary>
    public static int MaxCharacters(int maxTokens) => NativeTokenizer.MaxCharacters(maxTokens);

    /// <summary>Ids without special tokens, put between them.</summary>
    public uint[] Wrap(ReadOnlySpan<int> ids)
    {
        var wrapped = GC.AllocateUninitializedArray<uint>(ids.Length + SpecialTokens);
        _native.Prefix.CopyTo(wrapped, 0);
        MemoryMarshal.Cast<int, uint>(ids).CopyTo(wrapped.AsSpan(_native.Prefix.Length));
        _native.Suffix.CopyTo(wrapped, wrapped.Length - _native.Suffix.Length);
        return wrapped;
    }

    /// <summary>Cuts ids to a limit, keeping the special tokens at the end.</summary>
    public uint[] Cut(uint[] ids, int maxTokens)
    {
        ArgumentNullException.ThrowIfNull(ids);
        return _native.Cut(ids, maxTokens);
    }

    public void Dispose() => _native.Dispose();
}
