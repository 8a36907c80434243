namespace Meridian.Silo.Configuration;

/// <summary>Ports of one region.</summary>
/// <param name="Facade">HTTP/1.1: what callers use.</param>
/// <param name="Protocol">HTTP/2: the region protocol.</param>
/// <param name="Silo">Orleans, silo to silo.</param>
/// <param name="Gateway">Orleans, client to silo.</param>
/// <param name="Store">The embedded Redis.</param>
/// <param name="Consensus">The intent log, voter to voter.</param>
/// <param name="Control">HTTP/2: changes of the intent log, and the region's own processes that follow it.</param>
public sealed record RegionPorts(int Facade, int Protocol, int Silo, int Gateway, int Store, int Consensus, int Control);
