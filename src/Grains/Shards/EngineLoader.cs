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
    /// <exception cref="ModelPackageException">The model, device, package or a file does not match the key. The message names it and the
    /// remedy.</exception>
    public async Task<IEngine> LoadAsync(ShardKey key, CancellationToken cancellationToken)
    {
        var model = models.Find(key.Model) ?? throw new ModelPackageException(key.Model, models.NotFound(key.Model).Message);
        var device = model.Device ?? "cpu:0";
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
            IntraOpThreads = model.IntraOpThreads,
            Workers = model.Workers,
            AllowSpinning = model.AllowSpinning,
            MaxBatch = model.MaxBatch,
            MaxWait = TimeSpan.FromMilliseconds(model.MaxWaitMs),
            QueueCapacity = model.QueueCapacity,
            MaxSequences = model.MaxSequences,
            KvCacheBytes = model.KvCacheBytes,
            PrefillChunk = model.PrefillChunk,
            RingTokens = model.RingTokens,
            PrefixCache = model.PrefixCache,
            SpecialTokensInMessages = region.Value.SpecialTokensInMessages,
            Reproducible = model.Reproducible,
            ExactReplay = TimeSpan.FromMilliseconds(model.ExactReplayMs),
        };
        var engine = await catalog.CreateAsync(package, options, cancellationToken).ConfigureAwait(false);
        engines.Add(engine);
        return engine;
    }
}
