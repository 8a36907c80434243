using System.Globalization;

namespace Meridian.Silo.Configuration;

/// <summary>An address as consensus and Orleans write it: <c>host:port</c>, an IPv6 address in brackets.</summary>
/// <param name="Host">Name or address.</param>
/// <param name="Port">1 to 65535.</param>
public readonly record struct HostPort(string Host, int Port)
{
    public static bool TryParse(string text, out HostPort value)
    {
        ArgumentNullException.ThrowIfNull(text);
        var colon = text.LastIndexOf(':');
        if (colon > 0
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is >= 1 and <= 65535
            && Uri.CheckHostName(text[..colon]) != UriHostNameType.Unknown)
        {
            value = new HostPort(text[..colon], port);
            return true;
        }

        value = default;
        return false;
    }

    /// <exception cref="FormatException">It is not host:port.</exception>
    public static HostPort Parse(string text) => TryParse(text, out var value) ? value : throw new FormatException($"'{text}' is not host:port.");
}
