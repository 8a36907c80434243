using System.Buffers;
using System.Buffers.Text;
using System.Text.Unicode;

namespace Meridian.Gateway.Http;

/// <summary>
/// Writes JSON of a fixed shape, front to back, into a span that the caller made large enough. It serves the few answers of the hot path, whose shape never
/// changes: there is no state to track and nothing to allocate.
/// </summary>
internal ref struct JsonCursor(Span<byte> destination)
{
    // JSON allows the line separators U+2028 and U+2029 unescaped. They are escaped anyway, because JavaScript treated them as ends of a line until 2019.
    private static readonly SearchValues<char> EscapedCharacters = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(c => (char)c), '"', '\\', '\u2028', '\u2029']);

    private static readonly SearchValues<byte> EscapedBytes = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(c => (byte)c), (byte)'"', (byte)'\\']);

    private static readonly StandardFormat UnicodeEscape = new('x', 4);

    private static readonly StandardFormat ByteEscape = new('x', 2);

    private readonly Span<byte> _destination = destination;

    /// <value>Bytes written.</value>
    public int Written { get; private set; }

    /// <summary>Maximum number of bytes that <see cref="Text"/> writes: six for each UTF-16 unit (a \u escape), and the quotes.</summary>
    public static int TextBound(string? text) => text is null ? 4 : (text.Length * 6) + 2;

    public readonly Span<byte> Rest => _destination[Written..];

    public void Advance(int bytes) => Written += bytes;

    public void Raw(ReadOnlySpan<byte> json)
    {
        json.CopyTo(Rest);
        Written += json.Length;
    }

    public void Number(long value)
    {
        Utf8Formatter.TryFormat(value, Rest, out var bytes);
        Written += bytes;
    }

    /// <summary>Writes a string with its quotes, or null. Unpaired surrogates become U+FFFD.</summary>
    public void Text(string? text)
    {
        if (text is null)
        {
            Raw("null"u8);
            return;
        }

        _destination[Written++] = (byte)'"';
        Escaped(text);
        _destination[Written++] = (byte)'"';
    }

    /// <summary>Writes the content of a string, escaped, without quotes: at most six bytes for each UTF-16 unit.</summary>
    public void Escaped(ReadOnlySpan<char> text)
    {
        while (true)
        {
            var length = text.IndexOfAny(EscapedCharacters);
            Utf8.FromUtf16(length < 0 ? text : text[..length], Rest, out _, out var bytes);
            Written += bytes;
            if (length < 0)
            {
                return;
            }

            Escape(text[length]);
            text = text[(length + 1)..];
        }
    }

    /// <summary>Writes the content of a UTF-8 string, escaped, without quotes: at most six bytes for each byte.</summary>
    public void Escaped(ReadOnlySpan<byte> utf8)
    {
        while (true)
        {
            var length = utf8.IndexOfAny(EscapedBytes);
            Raw(length < 0 ? utf8 : utf8[..length]);
            if (length < 0)
            {
                return;
            }

            Escape((char)utf8[length]);
            utf8 = utf8[(length + 1)..];
        }
    }

    /// <summary>Writes a byte as two hexadecimal digits.</summary>
    public void Hex(byte value)
    {
        Utf8Formatter.TryFormat(value, Rest, out var bytes, ByteEscape);
        Written += bytes;
    }

    private void Escape(char character)
    {
        var rest = _destination[Written..];
        rest[0] = (byte)'\\';
        var brief = character switch
        {
            '"' or '\\' => (byte)character,
            '\n' => (byte)'n',
            '\r' => (byte)'r',
            '\t' => (byte)'t',
            '\b' => (byte)'b',
            '\f' => (byte)'f',
            _ => default,
        };
        if (brief != default)
        {
            rest[1] = brief;
            Written += 2;
            return;
        }

        rest[1] = (byte)'u';
        Utf8Formatter.TryFormat((ushort)character, rest[2..], out _, UnicodeEscape);
        Written += 6;
    }
}
