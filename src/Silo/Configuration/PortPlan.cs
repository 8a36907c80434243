namespace Meridian.Silo.Configuration;

/// <summary>
/// Where everything listens unless told otherwise. From N: front door N, facade of the i-th region (from 1) N+i, the rest of that region from N+100+10i:
/// region protocol, silo, Orleans gateway, store, consensus, control.
/// </summary>
public static class PortPlan
{
    /// <value>Most regions the plan has room for: the facades end before N+100.</value>
    public const int MaxRegions = 50;

    /// <value>Ports from N up that a plan for <see cref="MaxRegions"/> regions may touch.</value>
    public const int Span = 100 + (10 * MaxRegions) + 10;

    public static int FrontDoor(int portsFrom) => portsFrom;

    /// <param name="portsFrom">N.</param>
    /// <param name="position">1 for the first region.</param>
    public static RegionPorts Region(int portsFrom, int position)
    {
        var rest = portsFrom + 100 + (10 * position);
        return new RegionPorts(portsFrom + position, rest, rest + 1, rest + 2, rest + 3, rest + 4, rest + 5);
    }
}
