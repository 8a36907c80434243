using System.Buffers;
using System.IO.Pipelines;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>
/// Writes the events of one streamed answer straight into the response's pipe. The caller decides when to flush. The parts that are the same in all chunks
/// are encoded once.
/// The pipe advances only over whole events, so an exception never leaves half an event.
/// </summary>
internal abstract class ChunkWriter
{
    /// <summary>Maximum size of a choice without its text and log probabilities, bytes.</summary>
    protected const int ChoiceFrame = 160;

    private readonly byte[] _prefix;
    private readonly byte[] _suffix;
    private readonly byte[] _inexactSuffix;

    /// <value>The JSON member that marks an answer whose bits may differ from those that its request alone would give.</value>
    public static ReadOnlySpan<byte> NotExact => ",\"meridian\":{\"exact\":false}"u8;

    /// <value>Whether tokens may have other bits than the request alone would give. The chunk that ends a choice and the usage chunk then say so.</value>
    public bool Inexact { get; set; }

    /// <param name="objectName">The <c>object</c> of a chunk.</param>
    /// <param name="includeUsage">Whether a usage chunk follows at the end. If so, every other chunk has <c>"usage":null</c>.</param>
    protected ChunkWriter(AnswerIdentity identity, string objectName, bool includeUsage)
    {
        var buffer = new byte[128 + JsonCursor.TextBound(identity.Id) + JsonCursor.TextBound(objectName) + JsonCursor.TextBound(identity.Model) + JsonCursor.TextBound(identity.Fingerprint) + JsonCursor.TextBound(identity.Tier)];
        var cursor = new JsonCursor(buffer);
        cursor.Raw("data: {\"id\":"u8);
        cursor.Text(identity.Id);
        cursor.Raw(",\"object\":"u8);
        cursor.Text(objectName);
        cursor.Raw(",\"created\":"u8);
        cursor.Number(identity.Created);
        cursor.Raw(",\"model\":"u8);
        cursor.Text(identity.Model);
        cursor.Raw(",\"system_fingerprint\":"u8);
        cursor.Text(identity.Fingerprint);
        if (identity.Tier is { } tier)
        {
            cursor.Raw(",\"service_tier\":"u8);
            cursor.Text(tier);
        }

        cursor.Raw(",\"choices\":["u8);
        _prefix = buffer[..cursor.Written];
        var end = includeUsage ? "],\"usage\":null"u8 : "]"u8;
        _suffix = [.. end, .. "}\n\n"u8];
        _inexactSuffix = [.. end, .. NotExact, .. "}\n\n"u8];
    }

    /// <summary>Writes what precedes the first token. Returns false if nothing was written.</summary>
    public abstract bool Begin(PipeWriter pipe);

    /// <summary>Writes tokens. Returns false if they give no event yet.</summary>
    public abstract bool Write(PipeWriter pipe, TokenGroup group);

    /// <value>Whether <see cref="Begin"/> would write anything.</value>
    public virtual bool HasBeginning => false;

    /// <summary>Whether <see cref="Write"/> would write anything for these tokens.</summary>
    public abstract bool Tells(TokenGroup group);

    /// <summary>Writes the usage chunk, which has no choices.</summary>
    public void Usage(PipeWriter pipe, in TokenUsage usage)
    {
        var cursor = new JsonCursor(pipe.GetSpan(_prefix.Length + TokenUsage.Bound + 16 + NotExact.Length));
        cursor.Raw(_prefix);
        cursor.Raw("],\"usage\":"u8);
        usage.Write(ref cursor);
        if (Inexact)
        {
            cursor.Raw(NotExact);
        }

        cursor.Raw("}\n\n"u8);
        pipe.Advance(cursor.Written);
    }

    public static void Done(PipeWriter pipe) => pipe.Write("data: [DONE]\n\n"u8);

    /// <summary>Writes a comment, which clients skip. It shows that the stream is alive.</summary>
    public static void Ping(PipeWriter pipe) => pipe.Write(": ping\n\n"u8);

    /// <summary>Writes an error as the last event of a stream that cannot go on.</summary>
    public static void Error(PipeWriter pipe, ApiError error)
    {
        var cursor = new JsonCursor(pipe.GetSpan(ApiErrorWriter.Bound(error) + 16));
        cursor.Raw("data: "u8);
        ApiErrorWriter.Write(error, ref cursor);
        cursor.Raw("\n\n"u8);
        pipe.Advance(cursor.Written);
    }

    /// <summary>Begins a chunk of one choice, up to and including its index.</summary>
    /// <param name="bound">Maximum size of the choice's text and log probabilities, bytes.</param>
    protected JsonCursor Open(PipeWriter pipe, int choice, int bound)
    {
        var cursor = new JsonCursor(pipe.GetSpan(_prefix.Length + ChoiceFrame + _inexactSuffix.Length + bound));
        cursor.Raw(_prefix);
        cursor.Raw("{\"index\":"u8);
        cursor.Number(choice);
        return cursor;
    }

    /// <summary>Ends a chunk and commits it to the pipe.</summary>
    protected void Close(PipeWriter pipe, ref JsonCursor cursor, FinishReason? finish)
    {
        cursor.Raw(",\"finish_reason\":"u8);
        cursor.Raw(Finish(finish));
        cursor.Raw("}"u8);
        cursor.Raw(Inexact && finish is not null ? _inexactSuffix : _suffix);
        pipe.Advance(cursor.Written);
    }

    /// <summary>Returns a finish reason as JSON.</summary>
    public static ReadOnlySpan<byte> Finish(FinishReason? finish) => finish switch
    {
        null => "null"u8,
        FinishReason.Stop => "\"stop\""u8,
        FinishReason.Length => "\"length\""u8,
        _ => throw new InvalidOperationException($"A choice ended for the unknown reason {finish}."),
    };
}
