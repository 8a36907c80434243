using Meridian.Jinja.Texts;

namespace Meridian.Inference.Tokenization;

/// <summary>A rendered conversation: the text in the form that the model was trained on, with the origin of each character.</summary>
/// <remarks>
/// Created by <see cref="IGenerationTokenizer.Render"/>. The origin decides where special tokens are recognized, see
/// <see cref="IGenerationTokenizer.Encode(PromptText, int, CancellationToken)"/>.
/// </remarks>
public sealed class PromptText
{
    internal PromptText(TrackedText tracked) => Tracked = tracked;

    public string Text => Tracked.Value;

    internal TrackedText Tracked { get; }

    /// <summary>Creates a text in which no character comes from a chat template.</summary>
    public static PromptText OfCaller(string text) => new(TrackedText.OfCaller(text));

    /// <summary>Whether the template wrote the character at an index, in UTF-16 code units.</summary>
    public bool IsOfTemplate(int at) => Tracked.IsOfTemplate(at);

    public override string ToString() => Text;
}
