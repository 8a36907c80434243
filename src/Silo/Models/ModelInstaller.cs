using System.Diagnostics;
using Meridian.Inference.Packages;
using Meridian.Silo.Configuration;
using Meridian.Silo.Sources;

namespace Meridian.Silo.Models;

/// <summary>
/// Puts the configured models into the region's model store before the silo looks for them. A model that cannot be installed is reported and left out: the region serves the others.
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
                // Copying and hashing are synchronous in parts; the other services start meanwhile.
                var package = await Task.Run(() => store.InstallAsync(source, cancellationToken), cancellationToken);
                LogInstalled(package.Manifest.Id, watch.ElapsedMilliseconds);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // A package comes from anywhere: what is wrong with it may show as any exception, and is no reason not to serve the others.
            LogNotInstalled(model.Name, e is ModelPackageException or IOException or UnauthorizedAccessException ? e.Message : $"{e.GetType().Name}: {e.Message}");
        }
    }
}
