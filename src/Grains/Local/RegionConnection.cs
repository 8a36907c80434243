using Meridian.Grains.Silos;

namespace Meridian.Grains.Local;

/// <summary>
/// Watches an Orleans client's connections to the gateways of its region. Problem: Orleans lets calls to a killed gateway wait until their response
/// timeout. Calls linked to this watch end as soon as the connection ends. The gateway of a call is not known, so the loss of one gateway ends all
/// calls. They are idempotent, and the edge repeats them.
/// </summary>
public sealed class RegionConnection : IClusterConnectionStatusObserver
{
    /// <value>The watch of the gateways that are connected now.</value>
    public SiloWatch Watch { get; } = new();

    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered)
    {
        if (currentNumberOfGateways < previousNumberOfGateways) Watch.ConnectionLost();
    }

    public void NotifyClusterConnectionLost() => Watch.ConnectionLost();
}
