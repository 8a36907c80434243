using Meridian.Inference.Tokenization.Chat;

namespace Meridian.Inference.Tokenization;

/// <summary>Converts between a generative model's ids, texts and conversations. Thread-safe.</summary>
public interface IGenerationTokenizer
{
    /// <value>All ids are below this number. Some ids have no token; they give no text.</value>
    int VocabularySize { get; }

    /// <value>Whether the model has a chat template.</value>
    bool HasChatTemplate { get; }

    /// <summary>Ids of a text. Reads no more of the text than is needed to tell whether it exceeds the limit.</summary>
    /// <param name="text">Any UTF-16. Unpaired surrogates become U+FFFD.</param>
    /// <param name="maxTokens">Limit, special tokens included.</param>
    /// <param name="addSpecialTokens">Whether the tokenizer's own special tokens (BOS) are put around the text.</param>
    /// <param name="cancellationToken">Checked between the pieces of a long text.</param>
    /// <exception cref="OperationCanceledException">The caller canceled.</exception>
    TokenizedText Encode(string text, int maxTokens, bool addSpecialTokens, CancellationToken cancellationToken = default);

    /// <summary>
    /// Ids of a rendered conversation, without further special tokens around them. A special token is recognized only if all its characters come from the
    /// template. A special token that a caller wrote is ordinary text. Reads no more of the prompt than is needed to tell whether it exceeds the limit.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller canceled.</exception>
    TokenizedText Encode(PromptText prompt, int maxTokens, CancellationToken cancellationToken = default);

    /// <summary>Text of ids. Invalid UTF-8 becomes U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true);

    /// <summary>UTF-8 of one token, which may be part of a character. A special token gives its name. An id without a token gives nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    ReadOnlyMemory<byte> Bytes(int id);

    /// <summary>Renders a conversation in the form that the model was trained on.</summary>
    /// <exception cref="ChatTemplateException">The model has no template, or the template refuses the conversation.</exception>
    PromptText Render(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt);
}
