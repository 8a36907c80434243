using System.Diagnostics;
using Meridian.Inference.Packages;
using Meridian.Silo.Configuration;
using Meridian.Silo.Sources;

namespace Meridian.Silo.Models;

/// <summary>
/// Installs the configured models in the region's model store before the silo looks for them. A model that fails to install is reported and left out; the
/// region serves the others.
/// </summary>
internal sealed partial class ModelInstaller(MeridianOptions options, RegionPlan region, IModelStore store, ILogger<ModelInstaller> logger) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (var model in options.Models)
        {
            if (model.IsDeployedTo(region.Name))
            {
                await InstallAsync(model, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task InstallAsync(ModelEntry model, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            if (ModelSources.Find(model.Name, model.Source) is { } source)
            {
                // Parts of the copying and hashing are synchronous. On a pool thread they do not delay the start of the other services.
                var package = await Task.Run(() => store.InstallAsync(source, cancellationToken), cancellationToken);
                LogInstalled(package.Manifest.Id, watch.ElapsedMilliseconds);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // A package can come from anywhere, so a damaged one may cause any exception. The region must still serve the other models.
            LogNotInstalled(model.Name, e is ModelPackageException or IOException or UnauthorizedAccessException ? e.Message : $"{e.GetType().Name}: {e.Message}");
        }
    }
}
