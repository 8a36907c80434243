using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Meridian.Gateway.Wire;

/// <summary>
/// Writes JSON of a fixed shape front to back into a span that the caller made large enough. For the few answers of the hot path, whose shape
/// never changes: there is no state to track and nothing to allocate.
/// </summary>
internal ref struct JsonCursor(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    /// <value>Bytes written.</value>
    public int Written { get; private set; }

    /// <summary>Most bytes that <see cref="Text"/> writes: six a UTF-16 unit (a \u escape) and the quotes.</summary>
    public static int TextBound(string? text) => text is null ? 4 : (text.Length * 6) + 2;

    public readonly Span<byte> Rest => _destination[Written..];

    public void Advance(int bytes) => Written += bytes;

    public void Raw(ReadOnlySpan<byte> json)
    {
        json.CopyTo(Rest);
        Written += json.Length;
    }

    public void Number(int value)
    {
        Utf8Formatter.TryFormat(value, Rest, out var bytes);
        Written += bytes;
    }

    /// <summary>A string with its quotes, or null. Unpaired surrogates become U+FFFD.</summary>
    public void Text(string? text)
    {
        if (text is null)
        {
            Raw("null"u8);
            return;
        }

        // Relaxed: the answer is application/json, never part of a page, and quotes in messages should stay readable.
        // Encode returns the string itself where nothing needs an escape.
        var encoded = JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text);
        _destination[Written++] = (byte)'"';
        Utf8.FromUtf16(encoded, Rest, out _, out var bytes);
        Written += bytes;
        _destination[Written++] = (byte)'"';
    }
}
