using MessagePack;

namespace Meridian.Messages;

/// <summary>
/// Text to generate: every prompt is continued <see cref="ChoicesPerPrompt"/> times. Choice <c>p * ChoicesPerPrompt + k</c> is the k-th continuation of prompt p.
/// A stream that is opened again elsewhere carries the same input with its prompts as ids, and <see cref="Resume"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("meridian.GenerationInput"), MessagePackObject]
public sealed record GenerationInput : InferInput
{
    /// <summary>Most choices (prompts times continuations) of one request.</summary>
    public const int MaxChoices = 128;

    /// <summary>Most stop texts. OpenAI's limit.</summary>
    public const int MaxStops = 4;

    /// <summary>Longest stop text that an edge takes, UTF-16 units. It is looked for after every token, and as much text is kept back.</summary>
    public const int MaxStopLength = 1024;

    /// <value>At least one.</value>
    [Id(0), Key(0)] public required PromptInput[] Prompts { get; init; }

    /// <value>Number of continuations of each prompt (<c>n</c> in OpenAI's API).</value>
    [Id(1), Key(1)] public int ChoicesPerPrompt { get; init; } = 1;

    /// <value>Maximum number of tokens for each choice, including those of <see cref="Resume"/>; null for the rest of the context.</value>
    [Id(2), Key(2)] public int? MaxTokens { get; init; }

    [Id(3), Key(3)] public required SamplingInput Sampling { get; init; }

    /// <value>Texts that end a choice; they are not returned.</value>
    [Id(4), Key(4)] public string[] Stop { get; init; } = [];

    /// <value>Null for no log probabilities, else the number of alternatives beside the chosen token, 0 to 20.</value>
    [Id(5), Key(5)] public int? TopLogprobs { get; init; }

    /// <value>Whether generation continues after the model's end-of-text tokens, up to <see cref="MaxTokens"/>. Measurements use it.</value>
    [Id(6), Key(6)] public bool IgnoreEndOfText { get; init; }

    /// <value>The state of the choices of a stream that began in another place. Choices that are not listed are complete and do not run. Null begins all choices.</value>
    [Id(7), Key(7)] public ChoiceResume[]? Resume { get; init; }

    /// <value>Whether <see cref="StreamHead.PromptTexts"/> returns the text of each prompt.</value>
    [Id(8), Key(8)] public bool Echo { get; init; }

    /// <value>
    /// Maximum number of tokens of a prompt and its continuation together, if <see cref="MaxTokens"/> is null; null for the engine's own limit. A stream that moves
    /// carries the <see cref="StreamHead.ContextLength"/> of the engine where it began, so that it ends at the same token as there.
    /// </value>
    [Id(9), Key(9)] public int? ContextLength { get; init; }

    /// <summary>The same, going on elsewhere from where the choices stand: its prompts as the ids that were run, and the context that it began with.</summary>
    /// <param name="head">Of the stream that began.</param>
    /// <param name="choices">Those that are not done.</param>
    public GenerationInput GoingOn(StreamHead head, ChoiceResume[] choices) => this with
    {
        Prompts = Array.ConvertAll(head.PromptIds, static ids => new PromptInput { TokenIds = ids }),
        Resume = choices,
        ContextLength = head.ContextLength > 0 ? head.ContextLength : ContextLength,
        Arithmetic = head.Arithmetic.Length > 0 ? head.Arithmetic : null,
    };

    /// <value>
    /// Whether the same request must give the same tokens and log probabilities to the last bit, on every machine and beside any other requests. The edge sets it if
    /// the caller sent a seed, if the temperature is 0, or if the stream is resumable. False allows the fastest way.
    /// </value>
    [Id(10), Key(10)] public bool Reproducible { get; init; }

    /// <value>Of an answer that goes on (<see cref="Resume"/>) or is computed again: the <see cref="StreamHead.Arithmetic"/> of its beginning; null where it is not known.</value>
    [Id(11), Key(11)] public string? Arithmetic { get; init; }

    /// <value>Number of choices.</value>
    [IgnoreMember] public int Choices => Prompts.Length * ChoicesPerPrompt;
}

/// <summary>What to continue; exactly one of the three is set.</summary>
[GenerateSerializer, Immutable, Alias("meridian.PromptInput"), MessagePackObject]
public sealed record PromptInput
{
    /// <value>Text as it is; the tokenizer puts its special tokens around it.</value>
    [Id(0), Key(0)] public string? Text { get; init; }

    /// <value>Ids of the model's vocabulary, taken as they are: nothing is put in front.</value>
    [Id(1), Key(1)] public int[]? TokenIds { get; init; }

    /// <value>A conversation, to be rendered by the model's chat template.</value>
    [Id(2), Key(2)] public ChatMessage[]? Messages { get; init; }
}

/// <summary>One turn of a conversation.</summary>
[GenerateSerializer, Immutable, Alias("meridian.ChatMessage"), MessagePackObject]
public sealed record ChatMessage
{
    /// <value><c>system</c>, <c>developer</c>, <c>user</c> or <c>assistant</c>.</value>
    [Id(0), Key(0)] public required string Role { get; init; }

    [Id(1), Key(1)] public required string Content { get; init; }

    /// <value>Name of the participant, or null.</value>
    [Id(2), Key(2)] public string? Name { get; init; }
}

/// <summary>How far a choice has come elsewhere. Text, stop strings, penalties and draws are rebuilt from the ids.</summary>
[GenerateSerializer, Immutable, Alias("meridian.ChoiceResume"), MessagePackObject]
public sealed record ChoiceResume
{
    /// <value>Index of the choice in the request.</value>
    [Id(0), Key(0)] public required int Choice { get; init; }

    /// <value>Ids generated so far, in order; may be empty.</value>
    [Id(1), Key(1)] public required int[] TokenIds { get; init; }
}
