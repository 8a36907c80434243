using Meridian.Errors;
using Meridian.Gateway.Admin.Scaling;
using Meridian.Grains;
using Meridian.Grains.Replicas;
using Meridian.Grains.Requests;
using Meridian.Grains.Settings;
using Meridian.Messages;

namespace Meridian.Silo.Clustering;

/// <summary>Connects the admin API to the region's deployment grains.</summary>
internal sealed partial class RegionScaling(IGrainFactory grains, ReplicaWatch watch, RegionModels models, ILogger<RegionScaling> logger) : IModelScaling
{
    private const int RetryAfterMs = 2000;

    public Task<ScaleRecord> ScaleAsync(string model, ScaleChange change, CancellationToken cancellationToken) =>
        AskAsync(model, deployment => deployment.Scale(change), cancellationToken);

    public Task<ScaleRecord[]> HistoryAsync(string model, CancellationToken cancellationToken) =>
        AskAsync(model, static deployment => deployment.History(), cancellationToken);

    private async Task<T> AskAsync<T>(string model, Func<IModelDeployment, Task<T>> ask, CancellationToken cancellationToken)
    {
        if (models.Find(model) is null)
        {
            throw new MeridianException(models.NotFound(model));
        }

        if (!watch.HasStarted)
        {
            throw new MeridianException(Unavailability.OfRegion(models.Region));
        }

        try
        {
            return await ask(grains.GetGrain<IModelDeployment>(model)).WaitAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException and not MeridianException)
        {
            // The change may have been made although it was not acknowledged. The caller repeats it with the same operation id and so learns the result.
            LogFailed(model, e);
            throw new MeridianException(
                new Refusal
                {
                    Code = RefusalCode.RegionLost,
                    Message = $"Region '{models.Region}' could not confirm the change of model '{model}': its store or its silo did not answer. Repeat it with the same operation id.",
                    RetryAfterMs = RetryAfterMs,
                },
                e);
        }
    }
}
