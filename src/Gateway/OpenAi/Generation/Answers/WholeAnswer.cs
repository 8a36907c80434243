using System.Buffers;
using System.IO.Pipelines;
using Meridian.Federation.Regions;
using Meridian.Gateway.Http;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>Writes an answer in one piece, after the whole stream has been read.</summary>
internal static class WholeAnswer
{
    /// <summary>Reads a stream to its end.</summary>
    /// <param name="stream">The stream; its first frame is already read.</param>
    /// <param name="choices">Number of choices.</param>
    /// <param name="cancellationToken">The caller went away.</param>
    public static async Task<(GatheredChoice[] Choices, long Tokens, bool Inexact)> GatherAsync(IRegionStream stream, StreamFrame? frame, int choices, CancellationToken cancellationToken)
    {
        var gathered = new GatheredChoice[choices];
        for (var i = 0; i < choices; i++)
        {
            gathered[i] = new GatheredChoice();
        }

        var tokens = 0L;
        var inexact = false;
        while (frame is not null)
        {
            inexact |= frame.Inexact;
            foreach (var group in frame.Groups)
            {
                tokens += group.TokenIds.Length;
                gathered[group.Choice].Add(group);
            }

            frame = frame.End ? null : await stream.ReadAsync(cancellationToken);
        }

        return Array.TrueForAll(gathered, choice => choice.Finish is not null)
            ? (gathered, tokens, inexact)
            : throw new InvalidOperationException($"The stream {stream.Head.Stream} of '{stream.Head.Model}' ended before its choices.");
    }

    public static async Task WriteAsync(
        HttpResponse response, AnswerShape shape, AnswerIdentity identity, bool inexact, GatheredChoice[] choices, string[]? prompts, TokenUsage usage, CancellationToken cancellationToken)
    {
        response.ContentType = "application/json";
        var pipe = response.BodyWriter;
        WriteOpening(pipe, shape, identity);
        for (var i = 0; i < choices.Length; i++)
        {
            if (i > 0)
            {
                pipe.Write(","u8);
            }

            await shape.WriteChoiceAsync(pipe, i, choices[i], prompts?[i / (choices.Length / prompts.Length)], cancellationToken);
        }

        WriteEnd(pipe, identity, inexact, usage);
        await pipe.FlushAsync(cancellationToken);
    }

    private static void WriteOpening(PipeWriter pipe, AnswerShape shape, AnswerIdentity identity)
    {
        var cursor = new JsonCursor(pipe.GetSpan(96 + JsonCursor.TextBound(identity.Id) + JsonCursor.TextBound(shape.ObjectName) + JsonCursor.TextBound(identity.Model)));
        cursor.Raw("{\"id\":"u8);
        cursor.Text(identity.Id);
        cursor.Raw(",\"object\":"u8);
        cursor.Text(shape.ObjectName);
        cursor.Raw(",\"created\":"u8);
        cursor.Number(identity.Created);
        cursor.Raw(",\"model\":"u8);
        cursor.Text(identity.Model);
        cursor.Raw(",\"choices\":["u8);
        pipe.Advance(cursor.Written);
    }

    private static void WriteEnd(PipeWriter pipe, AnswerIdentity identity, bool inexact, in TokenUsage usage)
    {
        var cursor = new JsonCursor(pipe.GetSpan(96 + TokenUsage.Bound + JsonCursor.TextBound(identity.Fingerprint) + JsonCursor.TextBound(identity.Tier)));
        cursor.Raw("],\"usage\":"u8);
        usage.Write(ref cursor);
        cursor.Raw(",\"system_fingerprint\":"u8);
        cursor.Text(identity.Fingerprint);
        if (identity.Tier is { } tier)
        {
            cursor.Raw(",\"service_tier\":"u8);
            cursor.Text(tier);
        }

        if (inexact)
        {
            cursor.Raw(ChunkWriter.NotExact);
        }

        cursor.Raw("}"u8);
        pipe.Advance(cursor.Written);
    }
}
