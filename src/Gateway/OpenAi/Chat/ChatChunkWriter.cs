using System.IO.Pipelines;
using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Chat;

/// <summary>
/// Writes the chunks of a chat completion. The first delta of a choice gives the role. Its last delta is empty and comes with the finish reason.
/// </summary>
internal sealed class ChatChunkWriter(AnswerIdentity identity, bool includeUsage, int choices) : ChunkWriter(identity, "chat.completion.chunk", includeUsage)
{
    private readonly bool[] _begun = new bool[choices];

    public override bool Begin(PipeWriter pipe) => false;

    public override bool Tells(TokenGroup group) => !_begun[group.Choice] || group.Text.Length > 0 || group.Logprobs is { Length: > 0 } || group.Finish is not null;

    public override bool Write(PipeWriter pipe, TokenGroup group)
    {
        if (!Tells(group))
        {
            return false;
        }

        if (!_begun[group.Choice])
        {
            _begun[group.Choice] = true;
            var cursor = Open(pipe, group.Choice, 0);
            cursor.Raw(",\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},\"logprobs\":null"u8);
            Close(pipe, ref cursor, null);
        }

        if (group.Text.Length > 0 || group.Logprobs is { Length: > 0 })
        {
            var cursor = Open(pipe, group.Choice, JsonCursor.TextBound(group.Text) + ChatLogprobs.Bound(group.Logprobs));
            cursor.Raw(",\"delta\":{\"content\":"u8);
            cursor.Text(group.Text);
            cursor.Raw("},\"logprobs\":"u8);
            Logprobs(ref cursor, group.Logprobs);
            Close(pipe, ref cursor, null);
        }

        if (group.Finish is not null)
        {
            var cursor = Open(pipe, group.Choice, 0);
            cursor.Raw(",\"delta\":{},\"logprobs\":null"u8);
            Close(pipe, ref cursor, group.Finish);
        }

        return true;
    }

    private static void Logprobs(ref JsonCursor cursor, TokenLogprob[]? tokens)
    {
        if (tokens is null)
        {
            cursor.Raw("null"u8);
            return;
        }

        cursor.Raw("{\"content\":["u8);
        for (var i = 0; i < tokens.Length; i++)
        {
            if (i > 0)
            {
                cursor.Raw(","u8);
            }

            ChatLogprobs.Write(ref cursor, tokens[i]);
        }

        cursor.Raw("],\"refusal\":null}"u8);
    }
}
