using Meridian.Routing.Decision;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Tests.Routing;

internal static class RoutingDecisions
{
    /// <summary>Names in the order in which a request would try them that finds every choice wanting.</summary>
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
