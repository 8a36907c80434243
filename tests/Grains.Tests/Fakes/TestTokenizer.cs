using System.Text;
using Meridian.Inference.Tokenization;
using Meridian.Inference.Tokenization.Chat;

namespace Meridian.Grains.Tests.Fakes;

/// <summary>One id a character; 1 begins a text.</summary>
public sealed class TestTokenizer : IGenerationTokenizer
{
    public int VocabularySize => 0x10000;

    public bool HasChatTemplate => true;

    /// <value>Called with each text before it is encoded.</value>
    public Action<string> Encoding { get; set; } = static _ => { };

    /// <value>Called while a text is encoded.</value>
    public Action<CancellationToken> Working { get; set; } = static _ => { };

    public TokenizedText Encode(string text, int maxTokens, bool addSpecialTokens, CancellationToken cancellationToken = default)
    {
        Encoding(text);
        Working(cancellationToken);
        uint[] ids = [.. addSpecialTokens ? [1u] : Array.Empty<uint>(), .. text.Select(c => (uint)c)];
        return new TokenizedText(ids.Length > maxTokens ? ids[..maxTokens] : ids, ids.Length <= maxTokens);
    }

    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        var text = new StringBuilder();
        foreach (var id in ids)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, VocabularySize);
            if (id != 1 || !skipSpecialTokens) text.Append((char)id);
        }

        return text.ToString();
    }

    public ReadOnlyMemory<byte> Bytes(int id) => System.Text.Encoding.UTF8.GetBytes(((char)id).ToString());

    public TokenizedText Encode(PromptText prompt, int maxTokens, CancellationToken cancellationToken = default) => Encode(prompt.Text, maxTokens, addSpecialTokens: false, cancellationToken);

    public PromptText Render(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt) => messages.Any(m => m.Role == "poet")
        ? throw new ChatTemplateException("There are no poets.")
        : PromptText.OfCaller(string.Concat(messages.Select(m => $"<{m.Role}>{m.Content}")) + (addGenerationPrompt ? "<assistant>" : ""));
}
