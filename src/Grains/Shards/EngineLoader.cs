using Meridian.Grains.Placement;
using Meridian.Grains.Settings;
using Meridian.Inference.Engines;
using Meridian.Inference.Packages;
using Microsoft.Extensions.Options;

namespace Meridian.Grains.Shards;

/// <summary>
/// Creates a shard's engine on this silo: checks the device, opens the package, checks its version, starts the engine. It reads files and runs the
/// warm-up, so do not call it on a scheduler thread of Orleans.
/// </summary>
public sealed class EngineLoader(
    IOptions<RegionOptions> region, RegionModels models, SiloDevices devices, ILocalSiloDetails silo, IModelStore store, EngineCatalog catalog, LoadedEngines engines)
{
    /// <summary>Loads the engine and registers it in <see cref="LoadedEngines"/>, which also releases it.</summary>
    /// <param name="settings">Digest of the engine settings that the deployment wants, or null.</param>
    /// <returns>The engine, and the digest of the settings that it runs with.</returns>
    /// <exception cref="ModelPackageException">The model, device, package or a file does not match the key. The message names it and the
    /// remedy.</exception>
    public async Task<(IEngine Engine, string Settings)> LoadAsync(ShardKey key, string? settings, CancellationToken cancellationToken)
    {
        var model = await FindAsync(key, settings, cancellationToken).ConfigureAwait(false) ?? throw new ModelPackageException(key.Model, models.NotFound(key.Model).Message);
        var engineSettings = model.Engine;
        var device = engineSettings.Device ?? "cpu:0";
        if (!devices.Own.AsSpan().Contains(device))
        {
            throw new ModelPackageException(
                device,
                $"Silo {silo.SiloAddress} has no device '{device}', which model '{key.Model}' wants; it has {string.Join(", ", devices.Own)}. Start a silo with it, or change the model's device.");
        }

        var package = store.Open(key.Model, key.Version, key.Variant);
        var manifest = package.Manifest;
        if (!string.Equals(manifest.Version, key.Version, StringComparison.Ordinal) || !string.Equals(manifest.Variant, key.Variant, StringComparison.Ordinal))
        {
            throw new ModelPackageException(
                package.Directory,
                $"The package in '{package.Directory}' says it is {manifest.Id}, but {key.Model}/{key.Version}/{key.Variant} was asked for. Install that version again.");
        }

        var options = new EngineOptions
        {
            Device = device,
            IntraOpThreads = engineSettings.IntraOpThreads,
            Workers = engineSettings.Workers,
            AllowSpinning = engineSettings.AllowSpinning,
            MaxBatch = engineSettings.MaxBatch,
            MaxWait = TimeSpan.FromMilliseconds(engineSettings.MaxWaitMs),
            QueueCapacity = engineSettings.QueueCapacity,
            MaxSequences = engineSettings.MaxSequences,
            KvCacheBytes = engineSettings.KvCacheBytes,
            PrefillChunk = engineSettings.PrefillChunk,
            RingTokens = engineSettings.RingTokens,
            PrefixCache = engineSettings.PrefixCache,
            SpecialTokensInMessages = engineSettings.SpecialTokensInMessages,
            Reproducible = engineSettings.Reproducible,
            ExactReplay = TimeSpan.FromMilliseconds(engineSettings.ExactReplayMs),
        };
        var engine = await catalog.CreateAsync(package, options, cancellationToken).ConfigureAwait(false);
        engines.Add(engine);
        return (engine, model.Digest);
    }

    /// <summary>The model with the wanted settings. This silo may learn of a change a little later than the deployment, so the method waits a moment for it.</summary>
    private async Task<CatalogueModel?> FindAsync(ShardKey key, string? settings, CancellationToken cancellationToken)
    {
        var catalogue = models.Current;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(region.Value.ShardTimeout);
        while (settings is not null && catalogue.ByName.GetValueOrDefault(key.Model)?.Digest != settings)
        {
            try
            {
                catalogue = await models.WaitForChangeAsync(catalogue, patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                break;
            }
        }

        return catalogue.ByName.GetValueOrDefault(key.Model);
    }
}
