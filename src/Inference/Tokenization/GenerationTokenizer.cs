using System.Text;
using Meridian.Inference.Packages;
using Meridian.Inference.Tokenization.Chat;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// A generative model's Hugging Face tokenizer and chat template, as its package has them. Thread-safe.
/// </summary>
/// <remarks>
/// Ids come from the native library. Texts come from <see cref="TokenTable"/>, which knows what the usual decoders make of each token, and from the
/// library where a model has an unusual one. An id below <see cref="VocabularySize"/> without a token has no text: vocabularies have gaps, and many graphs are
/// wider than their tokenizer, for the sake of the device.
/// </remarks>
public sealed class GenerationTokenizer : IGenerationTokenizer, IDisposable
{
    private readonly NativeTokenizer _native;
    private readonly TokenizerFile _file;
    private readonly TokenTable? _table;
    private readonly ChatTemplate? _template;
    private readonly TextBounds _bounds;
    private readonly PromptEncoder? _prompts;

    private GenerationTokenizer(
        NativeTokenizer native, TokenizerFile file, TokenTable? table, ChatTemplate? template, TextBounds bounds, int vocabulary, bool specialTokensInMessages)
    {
        VocabularySize = Math.Max(file.VocabularySize, vocabulary);
        _template = template;
        _bounds = bounds;
        _native = native;
        _prompts = specialTokensInMessages ? null : PromptEncoder.Make(native, file, template?.Writes ?? []);
        _file = file;
        _table = table;
    }

    public int VocabularySize { get; }

    /// <value>The id that ends a text as the tokenizer's own files say (<c>eos_token</c>); null where they name none.</value>
    public int? EndId => (int?)_bounds.EndId;

    public bool HasChatTemplate => _template is not null;

    /// <summary>Reads, verifies and loads the package's tokenizer and chat template.</summary>
    /// <param name="package">Its files are read and not kept open.</param>
    /// <param name="time">What a template's <c>strftime_now</c> tells; the system's where none is given.</param>
    /// <param name="vocabulary">Ids that the graph knows, where they are more than the tokenizer's own.</param>
    /// <param name="specialTokensInMessages">Whether special tokens that callers write in their messages become special tokens.</param>
    /// <exception cref="ModelPackageException">The package has no tokenizer, a file was altered, or one cannot be used.</exception>
    public static GenerationTokenizer Load(ModelPackage package, TimeProvider? time = null, int vocabulary = 0, bool specialTokensInMessages = false)
    {
        var file = TokenizerFile.Read(package);
        TokenTable? table;
        try
        {
            table = TokenTable.Make(file);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw file.Mistake($"has a decoder that cannot be read: {e.Message} Export tokenizer.json again.", e);
        }

        var template = ChatTemplateFile.Load(package, time ?? TimeProvider.System);
        var settings = TokenizerSettings.Read(package);
        var native = NativeTokenizer.Load(file);
        try
        {
            return new GenerationTokenizer(native, file, table, template, new TextBounds(native, file, settings), vocabulary, specialTokensInMessages);
        }
        catch
        {
            native.Dispose();
            throw;
        }
    }

    public TokenizedText Encode(string text, int maxTokens, bool addSpecialTokens, CancellationToken cancellationToken = default)
    {
        if (addSpecialTokens)
            return _bounds.Encode(text, maxTokens, cancellationToken);
        var around = _native.Prefix.Length + _native.Suffix.Length;
        var tokens = _native.Encode(text, (int)Math.Min(int.MaxValue, (long)maxTokens + around), cancellationToken);
        return tokens with { Ids = tokens.Ids[_native.Prefix.Length..^_native.Suffix.Length] };
    }

    public TokenizedText Encode(PromptText prompt, int maxTokens, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return _prompts?.Encode(prompt, maxTokens, cancellationToken) ?? Encode(prompt.Text, maxTokens, addSpecialTokens: false, cancellationToken);
    }

    /// <summary>Text of ids as they come; special tokens give none.</summary>
    public IncrementalDetokenizer CreateDetokenizer() => _table is null ? new IncrementalDetokenizer(_native, _file) : new IncrementalDetokenizer(_table, skipsSpecial: true);

    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        foreach (var id in ids)
            Check(id);
        if (_table is null)
            return skipSpecialTokens ? DecodeKnown(ids) : DecodeAll(ids);

        var text = new StringBuilder();
        var detokenizer = new IncrementalDetokenizer(_table, skipSpecialTokens);
        foreach (var id in ids)
            text.Append(detokenizer.Append(id));
        return text.Append(detokenizer.Flush()).ToString();
    }

    public ReadOnlyMemory<byte> Bytes(int id)
    {
        Check(id);
        if (_file.Special.Contains(id))
            return Encoding.UTF8.GetBytes(_file.Tokens[id]!);
        if (!_file.HasToken(id))
            return ReadOnlyMemory<byte>.Empty;
        return _table is null ? Encoding.UTF8.GetBytes(_native.Decode([id])) : _table.Bytes(id);
    }

    public PromptText Render(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return _template is null
            ? throw new ChatTemplateException("The model has no chat template, so it takes no messages; send a prompt for completion instead.")
            : new PromptText(_template.Render(messages, addGenerationPrompt));
    }

    public void Dispose()
    {
        _prompts?.Dispose();
        _native.Dispose();
    }

    /// <summary>See <see cref="PromptEncoder.EncodeDisguised"/>.</summary>
    internal uint[] EncodeDisguised(PromptText prompt) => _prompts!.EncodeDisguised(prompt);

    private void Check(int id)
    {
        if ((uint)id >= (uint)VocabularySize)
            throw new ArgumentOutOfRangeException(nameof(id), id, $"Token id {id} is outside the vocabulary: ids are from 0 to {VocabularySize - 1}.");
    }

    // The library leaves special tokens out, so what lies between them is decoded piece by piece.
    private string DecodeAll(ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder();
        var from = 0;
        for (var i = 0; i < ids.Length; i++)
        {
            if (!_file.Special.Contains(ids[i]))
                continue;
            text.Append(DecodeKnown(ids[from..i])).Append(_file.Tokens[ids[i]]);
            from = i + 1;
        }

        return text.Append(DecodeKnown(ids[from..])).ToString();
    }

    private string DecodeKnown(ReadOnlySpan<int> ids)
    {
        foreach (var id in ids)
        {
            if (!_file.HasToken(id))
                return _native.Decode([.. ids.ToArray().Where(_file.HasToken)]);
        }

        return _native.Decode(ids);
    }
}
