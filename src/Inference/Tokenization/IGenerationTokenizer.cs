using Meridian.Inference.Tokenization.Chat;

namespace Meridian.Inference.Tokenization;

/// <summary>A generative model's text: ids, characters and conversations. Thread-safe.</summary>
public interface IGenerationTokenizer
{
    /// <value>Ids are below this. Not each of them has a token; one that has none is no text.</value>
    int VocabularySize { get; }

    /// <value>Whether the model has a chat template.</value>
    bool HasChatTemplate { get; }

    /// <summary>Ids of a text. Reads no more of it than needed to tell whether it exceeds the limit.</summary>
    /// <param name="text">Any UTF-16; unpaired surrogates become U+FFFD.</param>
    /// <param name="maxTokens">Limit, special tokens included.</param>
    /// <param name="addSpecialTokens">Whether the tokenizer's own special tokens (BOS) go around it.</param>
    /// <param name="cancellationToken">Looked at between the pieces of a long text.</param>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    TokenizedText Encode(string text, int maxTokens, bool addSpecialTokens, CancellationToken cancellationToken = default);

    /// <summary>
    /// Ids of a rendered conversation, without further special tokens around them. A special token in it is recognised only where all its characters come from the
    /// template; one that a caller wrote is text. Reads no more of it than needed to tell whether it exceeds the limit.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    TokenizedText Encode(PromptText prompt, int maxTokens, CancellationToken cancellationToken = default);

    /// <summary>Text of ids. Broken UTF-8 becomes U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true);

    /// <summary>UTF-8 of one token; may be part of a character. A special token gives its name, an id without a token nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    ReadOnlyMemory<byte> Bytes(int id);

    /// <summary>A conversation as the text that the model was trained on.</summary>
    /// <exception cref="ChatTemplateException">The model has no template, or the template refuses the conversation.</exception>
    PromptText Render(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt);
}
