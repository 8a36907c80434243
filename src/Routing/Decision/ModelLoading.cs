using Meridian.Messages;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Decision;

/// <summary>Tells whether a model that no region can serve now may soon be served, by the views of one observer.</summary>
public static class ModelLoading
{
    /// <summary>
    /// Whether a region that may serve the request is loading the model: the region is alive, and it wants replicas that can be loaded or has not reported the model yet.
    /// </summary>
    /// <param name="snapshot">The regions and their reports.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="version">Version that must serve, or null.</param>
    /// <param name="boundary">Where the request's data may go.</param>
    public static bool IsUnderWay(DirectorySnapshot snapshot, string model, string? version, DataBoundary boundary)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (RoutingDirector.Find(snapshot.Intent, model) is not { } declaration)
            return false;
        foreach (var region in snapshot.Intent.Regions)
        {
            if (MayServe(declaration, region, boundary) && snapshot.Views.TryGetValue(region.Name, out var view) && view.Health == RegionHealth.Alive && Loads(view.Models, model, version))
                return true;
        }

        return false;
    }

    /// <summary>Why a region that may serve the request has no ready replica, with the region's name, or null if no region says why.</summary>
    public static string? Problem(DirectorySnapshot snapshot, string model, DataBoundary boundary)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (RoutingDirector.Find(snapshot.Intent, model) is not { } declaration)
            return null;
        foreach (var region in snapshot.Intent.Regions)
        {
            if (!MayServe(declaration, region, boundary) || !snapshot.Views.TryGetValue(region.Name, out var view))
                continue;
            if (Array.Find(view.Models, status => status.Model == model && status.Problem is not null)?.Problem is { } problem)
                return $"{region.Name}: {problem}";
        }

        return null;
    }

    private static bool MayServe(ModelDeclaration model, RegionMember region, DataBoundary boundary) =>
        (model.Regions.Length == 0 || Array.IndexOf(model.Regions, region.Name) >= 0) && boundary.Permits(region);

    private static bool Loads(ModelStatus[] statuses, string model, string? version)
    {
        var reported = false;
        foreach (var status in statuses)
        {
            if (status.Model != model)
                continue;
            reported = true;

            // A region that could not open the package yet may not know the version.
            if (status.DesiredReplicas > 0 && !ModelStatus.IsMissingFiles(status.Problem) && (version is null || status.Version.Length == 0 || status.Version == version))
                return true;
        }

        return !reported;
    }
}
