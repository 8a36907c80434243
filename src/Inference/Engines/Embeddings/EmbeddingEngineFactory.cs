using Meridian.Inference.Packages;
using Microsoft.Extensions.Logging;

namespace Meridian.Inference.Engines.Embeddings;

/// <summary>Creates <see cref="EmbeddingEngine"/>s for packages of kind <c>embedding</c>.</summary>
public sealed class EmbeddingEngineFactory(TimeProvider time, ILogger<EmbeddingEngine> logger) : IEngineFactory
{
    /// <inheritdoc />
    public string Kind => "embedding";

    /// <inheritdoc />
    /// <exception cref="ArgumentException">The options are not valid. The message lists every mistake.</exception>
    /// <exception cref="Sessions.DeviceUnavailableException">The device does not exist.</exception>
    public async Task<IEngine> CreateAsync(ModelPackage package, EngineOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(package);
        var mistakes = EngineOptionsRules.Check(options);
        if (mistakes.Count > 0)
            throw new ArgumentException(string.Join(" ", mistakes), nameof(options));
        CheckManifest(package);
        return await EmbeddingEngine.LoadAsync(package, options, time, logger, cancellationToken).ConfigureAwait(false);
    }

    private static void CheckManifest(ModelPackage package)
    {
        var manifest = package.Manifest;
        var mistakes = new List<string>();
        if (manifest.Pooling != "mean")
            mistakes.Add($"pooling '{manifest.Pooling}' is not known; this build pools by mean.");
        if (manifest.Tokenizer is null)
            mistakes.Add("tokenizer is not set; name the package's tokenizer.json.");
        if (manifest.Dimensions < 1)
            mistakes.Add($"dimensions {manifest.Dimensions} is below 1; give the length of a vector.");
        if (manifest.MaxTokens < 3)
            mistakes.Add($"maxTokens {manifest.MaxTokens} is below 3; give the model's limit, special tokens included.");
        if (mistakes.Count > 0)
        {
            throw new ModelPackageException(
                manifest.Id, $"Manifest of {manifest.Id} in '{package.Directory}' does not describe an embedding model: {string.Join(" ", mistakes)}");
        }
    }
}
