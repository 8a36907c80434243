using System.IO.Pipelines;
using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Completions;

/// <summary>
/// Writes the chunks of a completion. An echo of the prompt comes first, in one chunk for each choice. The finish reason comes with the last text of a
/// choice.
/// </summary>
internal sealed class CompletionChunkWriter(AnswerIdentity identity, GenerationRequest request, StreamHead head)
    : ChunkWriter(identity, "text_completion", request.IncludeUsage)
{
    private readonly int[]? _offsets = request.Input.TopLogprobs is null ? null : new int[request.Input.Choices];

    public override bool Begin(PipeWriter pipe)
    {
        if (head.PromptTexts is not { } prompts)
        {
            return false;
        }

        for (var choice = 0; choice < request.Input.Choices; choice++)
        {
            var prompt = prompts[choice / request.Input.ChoicesPerPrompt];
            var cursor = Open(pipe, choice, JsonCursor.TextBound(prompt));
            cursor.Raw(",\"text\":"u8);
            cursor.Text(prompt);
            cursor.Raw(",\"logprobs\":null"u8);
            Close(pipe, ref cursor, null);
        }

        return true;
    }

    public override bool HasBeginning => head.PromptTexts is not null;

    public override bool Tells(TokenGroup group) => group.Text.Length > 0 || group.Logprobs is { Length: > 0 } || group.Finish is not null;

    public override bool Write(PipeWriter pipe, TokenGroup group)
    {
        if (!Tells(group))
        {
            return false;
        }

        var cursor = Open(pipe, group.Choice, JsonCursor.TextBound(group.Text) + LegacyLogprobs.Bound(group.Logprobs));
        cursor.Raw(",\"text\":"u8);
        cursor.Text(group.Text);
        cursor.Raw(",\"logprobs\":"u8);
        if (group.Logprobs is { } tokens && _offsets is not null)
        {
            LegacyLogprobs.Write(ref cursor, tokens, ref _offsets[group.Choice]);
        }
        else
        {
            cursor.Raw("null"u8);
        }

        Close(pipe, ref cursor, group.Finish);
        return true;
    }
}
