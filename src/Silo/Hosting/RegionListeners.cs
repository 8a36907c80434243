using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Meridian.Silo.Hosting;

/// <summary>
/// The listeners of a region's process: the facade (HTTP/1.1) for callers, the region protocol (HTTP/2 only) for other regions and front doors, and control
/// (HTTP/2 only) for other voters and the region's own processes. An address is null if the process does not have that listener.
/// </summary>
/// <param name="Facade">Address of the facade.</param>
/// <param name="Protocol">Address of the region protocol.</param>
/// <param name="Control">Address of the intent log's service.</param>
internal sealed record RegionListeners(Uri? Facade, Uri? Protocol, Uri? Control)
{
    public void Apply(KestrelServerOptions kestrel)
    {
        if (Facade is not null)
        {
            ListenForCallers(kestrel, Facade);
        }

        if (Protocol is not null)
        {
            Listen(kestrel, Protocol, HttpProtocols.Http2);
        }

        if (Control is not null)
        {
            Listen(kestrel, Control, HttpProtocols.Http2);
        }
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
