using System.Buffers;
using System.Text;

namespace Meridian.Silo.Logging;

/// <summary>
/// Makes text safe for a log line. Problem: messages quote text from callers (a drain's reason, an id, a name), and a control character in it could forge log
/// lines or control the terminal that shows the log. So line ends and tabs become spaces, and other control characters are escaped as <c>\x1b</c> or
/// <c>\u2028</c>.
/// </summary>
internal static class LogText
{
    private static readonly SearchValues<char> Unsafe = SearchValues.Create([.. Enumerable.Range(0, 0xa0).Select(code => (char)code).Where(char.IsControl), '\u2028', '\u2029', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069']);

    public static string OneLine(string text)
    {
        if (!text.AsSpan().ContainsAny(Unsafe))
            return text;
        var line = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '\n' or '\r' or '\t')
                line.Append(c == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? "" : " ");
            else if (!Unsafe.Contains(c))
                line.Append(c);
            else
                line.Append(c < 0x100 ? $"\\x{(int)c:x2}" : $"\\u{(int)c:x4}");
        }

        return line.ToString();
    }
}
