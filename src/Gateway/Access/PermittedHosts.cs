using System.Collections.Frozen;
using System.Net;

namespace Meridian.Gateway.Access;

/// <summary>
/// The host names that a process answers to. A web page can make any name that it owns resolve to this machine (DNS rebinding). Its browser then treats this
/// process as the page's own server and lets the page read every answer.
/// Such a request carries the page's name in <c>Host</c>, so a name that is not ours is refused.
/// </summary>
/// <param name="names">Host names and addresses besides the loopback ones, without a port. An IPv6 address may have brackets.</param>
public sealed class PermittedHosts(IEnumerable<string> names)
{
    private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> _names = names
        .Select(static name => name.Contains(':', StringComparison.Ordinal) && !name.StartsWith('[') ? $"[{name}]" : name)
        .Concat(["localhost", "127.0.0.1", "[::1]"])
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase)
        .GetAlternateLookup<ReadOnlySpan<char>>();

    /// <param name="host">Value of the <c>Host</c> header (HTTP/2: <c>:authority</c>).</param>
    /// <param name="local">Address of this machine that the caller connected to, or null. A page cannot rebind an address, so this address is itself a
    /// permitted name.</param>
    public bool Permits(string host, IPAddress? local)
    {
        var name = WithoutPort(host);
        if (_names.Contains(name))
        {
            return true;
        }

        // Also permitted: other spellings of the loopback addresses, and the local address of the connection if the process listens on all addresses.
        return IPAddress.TryParse(name.Trim("[]"), out var address) && (IPAddress.IsLoopback(address) || (local is not null && Plain(local).Equals(Plain(address))));
    }

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');
        return colon > host.LastIndexOf(']') ? host[..colon] : host;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
