using Meridian.Silo.Processes;

namespace Meridian.Silo.Configuration;

/// <summary>Where the front door listens: what was configured, else what the port plan says.</summary>
public static class FrontDoorPlan
{
    public static Uri Of(MeridianOptions options) => options.FrontDoor.Url ?? RegionPlan.Loopback(PortPlan.FrontDoor(options.PortsFrom));

    public static IEnumerable<NamedPort> Ports(MeridianOptions options) => [new NamedPort($"{options.FrontDoor.Name}, HTTP", Of(options).Port)];
}
