using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using MessagePack;

namespace Meridian.Intents;

/// <summary>A member of the log's quorum.</summary>
[MessagePackObject]
public sealed record IntentVoter
{
    /// <value>Name of the region, or of the witness.</value>
    [Key(0)] public required string Name { get; init; }

    /// <value>Address of its consensus port, <c>host:port</c>.</value>
    [Key(1)] public required string Consensus { get; init; }

    /// <value>Address of its region protocol. While it leads, changes are forwarded there.</value>
    [Key(2)] public required Uri Protocol { get; init; }

    /// <value>Whether it is a witness: it votes and keeps the log, but never leads. A witness is the third voter of two regions.</value>
    [Key(3)] public bool Witness { get; init; }
}

/// <summary>Converts between <c>host:port</c> and an end point.</summary>
public static class ConsensusAddress
{
    /// <summary>
    /// Parses an address. An IP address (IPv6 in brackets) gives an <see cref="IPEndPoint"/>, a name a <see cref="DnsEndPoint"/>. The port must be 1 to 65535.
    /// </summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out EndPoint? endPoint)
    {
        endPoint = null;
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon < 1 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
            return false;
        var host = text![..colon];
        if (host.StartsWith('[') && host.EndsWith(']') && IPAddress.TryParse(host.AsSpan(1, host.Length - 2), out var v6))
            endPoint = new IPEndPoint(v6, port);
        else if (IPAddress.TryParse(host, out var v4) && v4.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
            endPoint = new IPEndPoint(v4, port);
        else if (Uri.CheckHostName(host) == UriHostNameType.Dns)
            endPoint = new DnsEndPoint(host, port);
        return endPoint is not null;
    }

    public static string Format(EndPoint endPoint) => endPoint switch
    {
        DnsEndPoint dns => string.Create(CultureInfo.InvariantCulture, $"{dns.Host}:{dns.Port}"),
        _ => endPoint.ToString()!,
    };
}
