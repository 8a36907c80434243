using System.Collections.Frozen;
using System.Net;

namespace Meridian.Gateway.Access;

/// <summary>
/// The names that a process answers to. A web page can make any name of its own resolve to this machine (DNS rebinding); its browser then counts this process as the page's own server
/// and lets the page read every answer. Such a request carries the page's name in <c>Host</c>, so a name that is not ours is refused.
/// </summary>
/// <param name="names">Host names and addresses besides the loopback ones, without a port; an IPv6 address with or without brackets.</param>
public sealed class PermittedHosts(IEnumerable<string> names)
{
    private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> _names = names
        .Select(static name => name.Contains(':', StringComparison.Ordinal) && !name.StartsWith('[') ? $"[{name}]" : name)
        .Concat(["localhost", "127.0.0.1", "[::1]"])
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase)
        .GetAlternateLookup<ReadOnlySpan<char>>();

    /// <param name="host">Value of the header <c>Host</c> (HTTP/2: <c>:authority</c>).</param>
    /// <param name="local">Address of this machine that the connection was made to. A page cannot rebind an address, so the address itself is a permitted name.</param>
    public bool Permits(string host, IPAddress? local)
    {
        var name = WithoutPort(host);
        if (_names.Contains(name))
        {
            return true;
        }

        // Other spellings of the loopback addresses, and the address that was called where the process listens on all of them.
        return IPAddress.TryParse(name.Trim("[]"), out var address) && (IPAddress.IsLoopback(address) || (local is not null && Plain(local).Equals(Plain(address))));
    }

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');
        return colon > host.LastIndexOf(']') ? host[..colon] : host;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
