using Meridian.Grains.Settings;
using Meridian.Specs;

namespace Meridian.Grains.Deployments;

/// <summary>A version and variant that a deployment is to serve, as the catalogue names them, and the replicas that serve it.</summary>
internal sealed class DeploymentTarget(string? version, string? variant)
{
    /// <value>Null for the newest installed version at the time of opening.</value>
    public string? Version { get; } = version;

    /// <value>Null for the newest installed variant at the time of opening.</value>
    public string? Variant { get; } = variant;

    /// <value>The replicas, once the package has been opened; null before.</value>
    public ReplicaGroup? Group { get; set; }

    /// <value>Why the package could not be opened, or null.</value>
    public string? Problem { get; set; }

    /// <value>Whether the package is being opened.</value>
    public bool Opening { get; set; }

    /// <value>Timestamp from which the package may be opened again.</value>
    public long NextTry { get; set; }

    /// <summary>Makes the list equal to the versions of the model's deployment. Targets that stay keep their replicas.</summary>
    public static void Follow(List<DeploymentTarget> targets, CatalogueModel model)
    {
        var wanted = model.Deployment.Targets;
        if (targets.Count == wanted.Length && !wanted.Where((weight, i) => !targets[i].Is(weight)).Any()) return;
        var known = targets.ToArray();
        targets.Clear();
        foreach (var weight in wanted)
            targets.Add(Array.Find(known, target => target.Is(weight)) ?? new DeploymentTarget(weight.Version, weight.Variant));
    }

    private bool Is(VersionWeight weight) => weight.Version == Version && weight.Variant == Variant;
}
