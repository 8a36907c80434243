using System.Buffers;
using Microsoft.Extensions.Primitives;

namespace Meridian.Gateway.Http;

/// <summary>The id that connects an answer, its log lines and the request in another region.</summary>
internal static class RequestId
{
    private const int MaxLength = 128;

    private static readonly SearchValues<char> Visible = SearchValues.Create(Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c).ToArray());

    /// <summary>Returns the caller's id if it is 1 to 128 visible ASCII characters (it goes into headers and logs), else a new id.</summary>
    public static string From(StringValues header) =>
        header.Count == 1 && header[0] is { Length: > 0 and <= MaxLength } id && !id.AsSpan().ContainsAnyExcept(Visible) ? id : Draw();

    private static string Draw() => string.Create(36, Guid.NewGuid(), static (text, id) =>
    {
        "req_".CopyTo(text);
        id.TryFormat(text[4..], out _, "N");
    });
}
