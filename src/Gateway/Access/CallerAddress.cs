using System.Net;
using Meridian.Federation.Residency;
using Microsoft.Extensions.Primitives;

namespace Meridian.Gateway.Access;

/// <summary>
/// Finds the network address of a caller. It is the address that opened the connection, unless that is a trusted proxy. Then it is the last address in
/// <c>x-forwarded-for</c> that is not a trusted proxy: the entries before it come from a sender who is not trusted.
/// </summary>
internal static class CallerAddress
{
    /// <returns>Null if the address is unknown: a socket without address, or a trusted proxy whose header cannot be read.</returns>
    public static IPAddress? Of(IPAddress? socket, StringValues forwardedFor, Geofence geofence)
    {
        if (socket is null || !geofence.IsTrustedProxy(socket))
        {
            return socket;
        }

        var caller = socket;
        for (var line = forwardedFor.Count - 1; line >= 0; line--)
        {
            var hops = (forwardedFor[line] ?? "").Split(',');
            for (var hop = hops.Length - 1; hop >= 0; hop--)
            {
                if (!TryRead(hops[hop].Trim(), out caller))
                {
                    return null;
                }

                if (!geofence.IsTrustedProxy(caller))
                {
                    return caller;
                }
            }
        }

        return caller;
    }

    /// <summary>Parses an address with or without a port. An IPv6 address with a port is in brackets.</summary>
    private static bool TryRead(string text, out IPAddress address)
    {
        if (text.StartsWith('['))
        {
            var end = text.IndexOf(']', StringComparison.Ordinal);
            text = end > 0 && (end == text.Length - 1 || text[end + 1] == ':') ? text[1..end] : "";
        }
        else if (text.Contains('.', StringComparison.Ordinal) && text.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && text.LastIndexOf(':') == colon)
        {
            text = text[..colon];
        }

        return NetworkNotation.TryAddress(text, out address!);
    }
}
