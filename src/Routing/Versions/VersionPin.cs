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
    /// <param name="state">The first argument of <paramref name="isReady"/>.</param>
    /// <param name="isReady">Whether a version and variant have a ready replica; null stands for any.</param>
    public static InferRequest Of<TState>(InferRequest request, DeploymentSpec deployment, TState state, Func<TState, string?, string?, bool> isReady)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(deployment);
        ArgumentNullException.ThrowIfNull(isReady);
        if (!Applies(request, deployment))
            return request;
        var (version, variant) = deployment.Weights switch
        {
            null or [] => (deployment.Version, deployment.Variant),
            [var only] => (only.Version, only.Variant),
            var weights => Chosen(weights[VersionChoice.Choose(weights, VersionKey.Of(request), request.Model, deployment.Salt)]),
        };
        return (version is null && variant is null) || !isReady(state, version, variant) ? request : request with { Version = version, Variant = variant };

        static (string?, string?) Chosen(VersionWeight weight) => (weight.Version, weight.Variant);
    }
}
