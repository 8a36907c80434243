using System.Buffers;
using System.IO.Pipelines;
using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Chat;

/// <summary>Answers of <c>/v1/chat/completions</c>.</summary>
internal sealed class ChatShape : AnswerShape
{
    public static ChatShape Instance { get; } = new();

    public override string IdPrefix => "chatcmpl-";

    public override string ObjectName => "chat.completion";

    public override string InputField => "messages";

    public override bool NamesTier => true;

    public override ChunkWriter Chunks(AnswerIdentity identity, GenerationRequest request, StreamHead head) =>
        new ChatChunkWriter(identity, request.IncludeUsage, request.Input.Choices);

    public override async ValueTask WriteChoiceAsync(PipeWriter pipe, int index, GatheredChoice choice, string? prompt, CancellationToken cancellationToken)
    {
        WriteOpening(pipe, index);
        foreach (var piece in choice.Pieces)
        {
            pipe.WriteEscaped(piece);
            await pipe.FlushLargeAsync(cancellationToken);
        }

        pipe.Write("\",\"refusal\":null},\"logprobs\":"u8);
        if (choice.HasLogprobs)
        {
            for (var i = 0; i < choice.Logprobs.Count; i++)
            {
                pipe.Write(i == 0 ? "{\"content\":["u8 : ","u8);
                WriteToken(pipe, choice.Logprobs[i]);
                await pipe.FlushLargeAsync(cancellationToken);
            }

            pipe.Write(choice.Logprobs.Count == 0 ? "{\"content\":[],\"refusal\":null}"u8 : "],\"refusal\":null}"u8);
        }
        else
        {
            pipe.Write("null"u8);
        }

        pipe.Write(",\"finish_reason\":"u8);
        pipe.Write(ChunkWriter.Finish(choice.Finish));
        pipe.Write("}"u8);
    }

    private static void WriteOpening(PipeWriter pipe, int index)
    {
        var cursor = new JsonCursor(pipe.GetSpan(96));
        cursor.Raw("{\"index\":"u8);
        cursor.Number(index);
        cursor.Raw(",\"message\":{\"role\":\"assistant\",\"content\":\""u8);
        pipe.Advance(cursor.Written);
    }

    private static void WriteToken(PipeWriter pipe, TokenLogprob token)
    {
        var cursor = new JsonCursor(pipe.GetSpan(ChatLogprobs.Bound(token)));
        ChatLogprobs.Write(ref cursor, token);
        pipe.Advance(cursor.Written);
    }
}
