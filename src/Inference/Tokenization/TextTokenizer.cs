using System.Runtime.InteropServices;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// A package's Hugging Face tokenizer, for texts that are cut at a limit. Thread-safe. Unpaired surrogates become U+FFFD. A special token that is written out
/// in a text (<c>[SEP]</c>) becomes its id, as in every Hugging Face tokenizer.
/// </summary>
public sealed class TextTokenizer : IDisposable
{
    private readonly NativeTokenizer _native;

    private TextTokenizer(NativeTokenizer native, int vocabularySize)
    {
        _native = native;
        VocabularySize = vocabularySize;
    }

    /// <value>All ids are below this number.</value>
    public int VocabularySize { get; }

    /// <value>Number of special tokens around every text: 2 for BERT.</value>
    public int SpecialTokens => _native.Prefix.Length + _native.Suffix.Length;

    /// <summary>Reads, verifies and loads the package's tokenizer.</summary>
    /// <exception cref="ModelPackageException">The package has no tokenizer, or its file was altered or cannot be loaded.</exception>
    public static TextTokenizer Load(ModelPackage package)
    {
        var file = TokenizerFile.Read(package);
        return new TextTokenizer(NativeTokenizer.Load(file), file.VocabularySize);
    }

    /// <summary>
    /// Ids of a text with special tokens around them. Reads no more than is needed to tell whether the text fits <paramref name="maxTokens"/>: all of it, or a
    /// prefix that exceeds the limit, or <see cref="MaxCharacters"/> (then the last word may be cut).
    /// </summary>
    /// <param name="text">Any UTF-16, even with unpaired surrogates.</param>
    /// <param name="maxTokens">Limit, special tokens included.</param>
    /// <param name="cancellationToken">Checked between the pieces of a long text.</param>
    /// <exception cref="OperationCanceledException">The caller canceled.</exception>
    public TokenizedText Encode(string text, int maxTokens, CancellationToken cancellationToken = default) => _native.Encode(text, maxTokens, cancellationToken);

    /// <summary>Maximum number of UTF-16 code units that are read of a text, if the limit is <paramref name="maxTokens"/>.</summary>
    public static int MaxCharacters(int maxTokens) => NativeTokenizer.MaxCharacters(maxTokens);

    /// <summary>Puts the special tokens around ids.</summary>
    public uint[] Wrap(ReadOnlySpan<int> ids)
    {
        var wrapped = GC.AllocateUninitializedArray<uint>(ids.Length + SpecialTokens);
        _native.Prefix.CopyTo(wrapped, 0);
        MemoryMarshal.Cast<int, uint>(ids).CopyTo(wrapped.AsSpan(_native.Prefix.Length));
        _native.Suffix.CopyTo(wrapped, wrapped.Length - _native.Suffix.Length);
        return wrapped;
    }

    /// <summary>Cuts ids to a limit but keeps the special tokens at the end.</summary>
    public uint[] Cut(uint[] ids, int maxTokens)
    {
        ArgumentNullException.ThrowIfNull(ids);
        return _native.Cut(ids, maxTokens);
    }

    public void Dispose() => _native.Dispose();
}
