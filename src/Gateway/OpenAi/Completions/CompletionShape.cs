using System.Buffers;
using System.IO.Pipelines;
using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Completions;

/// <summary>Answers of <c>/v1/completions</c>.</summary>
internal sealed class CompletionShape : AnswerShape
{
    private enum Column
    {
        Tokens,
        TokenLogprobs,
        TopLogprobs,
        TextOffset,
    }

    public static CompletionShape Instance { get; } = new();

    public override string IdPrefix => "cmpl-";

    public override string ObjectName => "text_completion";

    public override string InputField => "prompt";

    public override ChunkWriter Chunks(AnswerIdentity identity, GenerationRequest request, StreamHead head) => new CompletionChunkWriter(identity, request, head);

    public override async ValueTask WriteChoiceAsync(PipeWriter pipe, int index, GatheredChoice choice, string? prompt, CancellationToken cancellationToken)
    {
        WriteOpening(pipe, index);
        pipe.WriteEscaped(prompt);
        foreach (var piece in choice.Pieces)
        {
            pipe.WriteEscaped(piece);
            await pipe.FlushLargeAsync(cancellationToken);
        }

        pipe.Write("\",\"logprobs\":"u8);
        if (choice.HasLogprobs)
        {
            await WriteColumnAsync(pipe, choice, Column.Tokens, cancellationToken);
            await WriteColumnAsync(pipe, choice, Column.TokenLogprobs, cancellationToken);
            await WriteColumnAsync(pipe, choice, Column.TopLogprobs, cancellationToken);
            await WriteColumnAsync(pipe, choice, Column.TextOffset, cancellationToken);
            pipe.Write("}"u8);
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
        var cursor = new JsonCursor(pipe.GetSpan(64));
        cursor.Raw("{\"index\":"u8);
        cursor.Number(index);
        cursor.Raw(",\"text\":\""u8);
        pipe.Advance(cursor.Written);
    }

    private static async ValueTask WriteColumnAsync(PipeWriter pipe, GatheredChoice choice, Column column, CancellationToken cancellationToken)
    {
        pipe.Write(column switch
        {
            Column.Tokens => "{\"tokens\":["u8,
            Column.TokenLogprobs => ",\"token_logprobs\":["u8,
            Column.TopLogprobs => ",\"top_logprobs\":["u8,
            _ => ",\"text_offset\":["u8,
        });
        var offset = 0;
        for (var i = 0; i < choice.Logprobs.Count; i++)
        {
            WriteCell(pipe, choice.Logprobs[i], column, i, ref offset);
            await pipe.FlushLargeAsync(cancellationToken);
        }

        pipe.Write("]"u8);
    }

    private static void WriteCell(PipeWriter pipe, TokenLogprob token, Column column, int index, ref int offset)
    {
        var cursor = new JsonCursor(pipe.GetSpan(LegacyLogprobs.Bound(token)));
        LegacyLogprobs.Separate(ref cursor, index);
        switch (column)
        {
            case Column.Tokens:
                LegacyLogprobs.Token(ref cursor, token);
                break;
            case Column.TokenLogprobs:
                TokenText.Logprob(ref cursor, token.Logprob);
                break;
            case Column.TopLogprobs:
                LegacyLogprobs.Top(ref cursor, token);
                break;
            default:
                LegacyLogprobs.Offset(ref cursor, token, ref offset);
                break;
        }

        pipe.Advance(cursor.Written);
    }
}
