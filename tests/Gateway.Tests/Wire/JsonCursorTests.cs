using System.Text;
using System.Text.Json;
using CsCheck;
using Meridian.Gateway.Http;

namespace Meridian.Gateway.Tests.Wire;

public sealed class JsonCursorTests
{
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.Char['\0', '\u00ff'].Select(c => c.ToString()),
        Gen.OneOf("\"", "\\", "\u2028", "\u2029", "😀", "\ud800", "\udc00", "東京", "\u007f", "\r\n"),
        Gen.String[Gen.Char['\u0020', '\uffff'], 0, 12]).Array[0, 20].Select(string.Concat);

    [Fact]
    public void A_text_reads_back_as_it_was_and_fits_its_bound() => Text.Sample(text =>
    {
        var buffer = new byte[JsonCursor.TextBound(text)];
        var cursor = new JsonCursor(buffer);
        cursor.Text(text);
        var expected = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        Assert.Equal(expected, JsonSerializer.Deserialize<string>(buffer.AsSpan(0, cursor.Written)));
        Assert.True(buffer.AsSpan(0, cursor.Written).IndexOfAnyInRange((byte)0, (byte)0x1f) < 0);

        var utf8 = Encoding.UTF8.GetBytes(expected);
        buffer = new byte[(utf8.Length * 6) + 2];
        cursor = new JsonCursor(buffer);
        cursor.Raw("\""u8);
        cursor.Escaped(utf8);
        cursor.Raw("\""u8);
        Assert.Equal(expected, JsonSerializer.Deserialize<string>(buffer.AsSpan(0, cursor.Written)));
    });
}
