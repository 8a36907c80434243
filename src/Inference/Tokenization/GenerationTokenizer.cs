using System.Text;
using Meridian.Inference.Packages;
using Meridian.Inference.Tokenization.Chat;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// A generative model's Hugging Face tokenizer and chat template, read from its package. Thread-safe.
/// </summary>
/// <remarks>
/// Ids come from the native library. Texts come from <see cref="TokenTable"/>, which knows the text that the usual decoders give each token. If a model has an
/// unusual decoder, texts come from the library. An id below <see cref="VocabularySize"/> may have no token and then has no text: vocabularies have gaps, and
/// many graphs are wider than their tokenizer to suit the device.
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

    /// <value>The id that ends a text according to the tokenizer's own files (<c>eos_token</c>); null if they name none.</value>
    public int? EndId => (int?)_bounds.EndId;

    public bool HasChatTemplate => _template is not null;

    /// <summary>Reads, verifies and loads the package's tokenizer and chat template.</summary>
    /// <param name="package">The package. Its files are read and then closed.</param>
    /// <param name="time">The clock of the template's <c>strftime_now</c>; null for the system's clock.</param>
    /// <param name="vocabulary">Number of ids that the graph knows, if it is larger than the tokenizer's own number.</param>
    /// <param name="specialTokensInMessages">Whether special tokens that callers write in their messages are encoded as special tokens.</param>
    /// <exception cref="ModelPackageException">The package has no tokenizer, or a file was altered or cannot be used.</exception>
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

    /// <summary>Creates a converter from ids to text, one id at a time. Special tokens give no text.</summary>
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

    // The library omits special tokens. So the ids between them are decoded separately, and the special tokens are put in between.
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
