using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Meridian.Silo.Hosting;

/// <summary>The two doors of a region's process: the facade (HTTP/1.1, callers) and the region protocol (HTTP/2 alone, other regions and front doors).</summary>
/// <param name="Facade">Address of the facade.</param>
/// <param name="Protocol">Address of the region protocol.</param>
internal sealed record RegionListeners(Uri Facade, Uri Protocol)
{
    public void Apply(KestrelServerOptions kestrel)
    {
        ListenForCallers(kestrel, Facade);
        Listen(kestrel, Protocol, HttpProtocols.Http2);
    }

    public static void ListenForCallers(KestrelServerOptions kestrel, Uri address) => Listen(kestrel, address, HttpProtocols.Http1);

    private static void Listen(KestrelServerOptions kestrel, Uri address, HttpProtocols protocols)
    {
        if (address.Host == "localhost")
        {
            kestrel.ListenLocalhost(address.Port, listen => listen.Protocols = protocols);
        }
        else
        {
            kestrel.Listen(IPAddress.Parse(address.Host.Trim('[', ']')), address.Port, listen => listen.Protocols = protocols);
        }
    }
}
