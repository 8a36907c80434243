using Meridian.Messages;
using Meridian.Specs;

namespace Meridian.Routing.Versions;

/// <summary>Pins a request that names no version to the version that the weights of its deployment choose.</summary>
public static class VersionPin
{
    /// <summary>Whether the deployment's versions decide about the request: it names none itself, and the deployment names at least one. Allocates nothing.</summary>
    public static bool Applies(InferRequest request, DeploymentSpec deployment)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request is { Version: null, Variant: null } && deployment is not { Weights: null or [], Version: null, Variant: null };
    }

    /// <summary>
    /// The request with the chosen version, if a region has it ready; otherwise the request as it is. While a new version loads, or where no region can serve the chosen
    /// one, any ready version is better than a refusal.
    /// </summary>
    /// <param name="request">A request that has not been sent yet.</param>
    /// <param name="deployment">The deployment of the request's model.</param>
    /// <param name="isReady">Whether a version and variant have a ready replica; null stands for any.</param>
    public static InferRequest Of(InferRequest request, DeploymentSpec deployment, Func<string?, string?, bool> isReady)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(deployment);
        ArgumentNullException.ThrowIfNull(isReady);
        if (!Applies(request, deployment))
            return request;
        var targets = deployment.Targets;
        var target = targets[targets.Length == 1 ? 0 : VersionChoice.Choose(targets, VersionKey.Of(request), request.Model, deployment.Salt)];
        return (target.Version is null && target.Variant is null) || !isReady(target.Version, target.Variant)
            ? request
            : request with { Version = target.Version, Variant = target.Variant };
    }
}
