using Meridian.Routing.Decision;
using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Tests.Decision;

internal static class RoutingDecisions
{
    /// <summary>The order in which a request tries the regions if each of them fails it.</summary>
    public static string[] Order(this RoutingDirector director, DirectorySnapshot snapshot, in RouteRequest request, Random random)
    {
        var order = new List<string>();
        var tried = new List<string>(request.Excluded.ToArray());
        while (director.Decide(snapshot, request with { Excluded = tried.ToArray() }, random).Choice is { } choice)
        {
            order.Add(choice.Name);
            tried.Add(choice.Name);
        }

        return [.. order];
    }
}
