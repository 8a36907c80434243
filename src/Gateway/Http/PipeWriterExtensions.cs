using System.IO.Pipelines;

namespace Meridian.Gateway.Http;

internal static class PipeWriterExtensions
{
    /// <summary>Writes the content of a string, escaped, without quotes, in slices.</summary>
    public static void WriteEscaped(this PipeWriter pipe, ReadOnlySpan<char> text)
    {
        const int Slice = 1024;
        while (!text.IsEmpty)
        {
            var length = Math.Min(text.Length, Slice);
            if (length < text.Length && char.IsHighSurrogate(text[length - 1]))
            {
                length--;
            }

            var cursor = new JsonCursor(pipe.GetSpan(length * 6));
            cursor.Escaped(text[..length]);
            pipe.Advance(cursor.Written);
            text = text[length..];
        }
    }

    /// <summary>Flushes once 32 KiB are unflushed, so that a slow reader slows the writer down.</summary>
    public static async ValueTask FlushLargeAsync(this PipeWriter pipe, CancellationToken cancellationToken)
    {
        if (pipe.UnflushedBytes >= 32 * 1024)
        {
            await pipe.FlushAsync(cancellationToken);
        }
    }
}
