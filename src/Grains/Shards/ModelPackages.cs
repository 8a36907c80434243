using Meridian.Inference.Packages;

namespace Meridian.Grains.Shards;

/// <summary>Opens a model's package on this silo, installing it first where this build carries the model itself. Reads and writes files: not for a scheduler thread of Orleans.</summary>
public sealed class ModelPackages(IModelStore store, IEnumerable<IModelSource> sources)
{
    private readonly IModelSource[] _sources = [.. sources];

    /// <exception cref="ModelPackageException">Not installed and not carried, or damaged; names what and the remedy.</exception>
    public async Task<ModelPackage> OpenAsync(string model, string? version, string? variant, CancellationToken cancellationToken)
    {
        foreach (var source in _sources)
        {
            if (!string.Equals(source.Name, model, StringComparison.Ordinal)) continue;
            if (version is not null && source.KnownVersion is { } known && !string.Equals(known, version, StringComparison.Ordinal)) continue;
            await store.InstallAsync(source, cancellationToken).ConfigureAwait(false);
        }

        return store.Open(model, version, variant);
    }
}
