namespace Meridian.Silo.Configuration;

/// <summary>Ports of one region.</summary>
/// <param name="Facade">HTTP/1.1: what callers use.</param>
/// <param name="Protocol">HTTP/2: the region protocol.</param>
/// <param name="Silo">Orleans, silo to silo.</param>
/// <param name="Gateway">Orleans, client to silo.</param>
/// <param name="Store">The embedded Redis.</param>
public sealed record RegionPorts(int Facade, int Protocol, int Silo, int Gateway, int Store);
