namespace Meridian.Grains.Deployments;

/// <summary>
/// Decides what a deployment does next: a pure function of the versions that it is to serve and of the replicas that it has. Problem: a change of the version must not
/// leave the model without a ready replica. Rule: former versions serve until every wanted version has all its replicas ready; then they are retired, and the replicas
/// finish the streams that they have. If a wanted version cannot be loaded, the former versions serve on.
/// </summary>
internal static class DeploymentPlan
{
    /// <param name="desired">Number of replicas of each wanted version.</param>
    /// <param name="wanted">The versions that the deployment is to serve.</param>
    /// <param name="former">The versions that it still has and is not to serve any more.</param>
    /// <returns>One step for each version: first the wanted, then the former, both in the given order.</returns>
    public static DeploymentStep[] Decide(int desired, ReadOnlySpan<WantedVersion> wanted, ReadOnlySpan<ObservedVersion> former)
    {
        var steps = new DeploymentStep[wanted.Length + former.Length];
        var complete = wanted.Length > 0;
        var some = false;
        for (var i = 0; i < wanted.Length; i++)
        {
            steps[i] = wanted[i].Observed is null ? DeploymentStep.Open : DeploymentStep.Scale;
            some |= wanted[i].Observed is { Ready: > 0 };
            complete &= wanted[i].Observed is { } observed && observed.Ready >= desired;
        }

        for (var i = 0; i < former.Length; i++)
            steps[wanted.Length + i] = complete || (some && former[i] is { Ready: 0, Surveyed: true }) ? DeploymentStep.Retire : DeploymentStep.Keep;
        return steps;
    }
}

/// <param name="Observed">Its replicas, or null while the version's package has not been opened.</param>
internal readonly record struct WantedVersion(ObservedVersion? Observed);

/// <param name="Ready">Number of its ready replicas.</param>
/// <param name="Surveyed">Whether each of its replicas has been asked. Until then more of them may be ready.</param>
internal readonly record struct ObservedVersion(int Ready, bool Surveyed = true);

internal enum DeploymentStep
{
    /// <summary>Open the package, to learn which version and variant it is.</summary>
    Open,

    /// <summary>Keep the desired number of replicas loaded.</summary>
    Scale,

    /// <summary>Keep the replicas that it has.</summary>
    Keep,

    /// <summary>Take all replicas out of the table, then unload them.</summary>
    Retire,
}
