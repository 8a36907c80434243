using Meridian.Silo.Processes;

namespace Meridian.Silo.Configuration;

/// <summary>The address of the front door: the configured one, or else the one of the port plan.</summary>
public static class FrontDoorPlan
{
    public static Uri Of(MeridianOptions options) => options.FrontDoor.Url ?? RegionPlan.Loopback(PortPlan.FrontDoor(options.PortsFrom));

    public static IEnumerable<NamedPort> Ports(MeridianOptions options) => [new NamedPort($"{options.FrontDoor.Name}, HTTP", Of(options).Port)];
}
