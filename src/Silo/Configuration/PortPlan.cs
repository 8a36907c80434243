namespace Meridian.Silo.Configuration;

/// <summary>
/// The default ports. With N as the first port: front door N; facade of region i (counted from 1) N+i; the other ports of that region start at N+100+10i, in
/// this order:
/// region protocol, silo, Orleans gateway, store, consensus, control.
/// </summary>
public static class PortPlan
{
    /// <value>Maximum number of regions in the plan, so that the facades stay below N+100.</value>
    public const int MaxRegions = 50;

    /// <value>Number of ports from N up that a plan for <see cref="MaxRegions"/> regions may use.</value>
    public const int Span = 100 + (10 * MaxRegions) + 10;

    public static int FrontDoor(int portsFrom) => portsFrom;

    /// <param name="portsFrom">The first port, N.</param>
    /// <param name="position">Position of the region in the configuration, from 1.</param>
    public static RegionPorts Region(int portsFrom, int position)
    {
        var rest = portsFrom + 100 + (10 * position);
        return new RegionPorts(portsFrom + position, rest, rest + 1, rest + 2, rest + 3, rest + 4, rest + 5);
    }
}
