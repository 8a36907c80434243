using CsCheck;
using Meridian.Silo.Configuration;

namespace Meridian.Silo.Tests.Configuration;

public sealed class PortPlanTests
{
    [Fact]
    public void The_default_plan_is_the_documented_one()
    {
        Assert.Equal(8080, PortPlan.FrontDoor(8080));
        Assert.Equal(new RegionPorts(8081, 8190, 8191, 8192, 8193, 8194, 8195), PortPlan.Region(8080, 1));
        Assert.Equal(new RegionPorts(8083, 8210, 8211, 8212, 8213, 8214, 8215), PortPlan.Region(8080, 3));
    }

    [Fact]
    public void No_two_parts_of_an_installation_share_a_port() =>
        Gen.Select(Gen.Int[1, 65535 - PortPlan.Span], Gen.Int[1, PortPlan.MaxRegions]).Sample((portsFrom, regions) =>
        {
            var ports = new List<int> { PortPlan.FrontDoor(portsFrom) };
            for (var position = 1; position <= regions; position++)
            {
                var (facade, protocol, silo, gateway, store, consensus, control) = PortPlan.Region(portsFrom, position);
                ports.AddRange([facade, protocol, silo, gateway, store, consensus, control]);
            }

            return ports.Distinct().Count() == ports.Count && ports.TrueForAll(port => port >= portsFrom && port <= portsFrom + PortPlan.Span && port <= 65535);
        });
}
