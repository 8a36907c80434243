using Meridian.Grains.Silos;

namespace Meridian.Grains.Local;

/// <summary>
/// An Orleans client's connections to the gateways of its region. Orleans lets calls in flight to a killed gateway wait for their response timeout; linked to this they end when the
/// connection does. Which gateway a call went through is not known, so the loss of one ends them all: they are idempotent and made again.
/// </summary>
public sealed class RegionConnection : IClusterConnectionStatusObserver
{
    /// <value>The life of the gateways that are connected now.</value>
    public SiloWatch Watch { get; } = new();

    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered)
    {
        if (currentNumberOfGateways < previousNumberOfGateways) Watch.ConnectionLost();
    }

    public void NotifyClusterConnectionLost() => Watch.ConnectionLost();
}
