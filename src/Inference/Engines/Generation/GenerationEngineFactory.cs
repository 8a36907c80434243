using Meridian.Inference.Packages;
using Microsoft.Extensions.Logging;

namespace Meridian.Inference.Engines.Generation;

/// <summary>Creates <see cref="GenerationEngine"/>s for packages of kind <c>generation</c>.</summary>
public sealed class GenerationEngineFactory(TimeProvider time, ILogger<GenerationEngine> logger) : IEngineFactory
{
    /// <inheritdoc />
    public string Kind => "generation";

    /// <inheritdoc />
    /// <exception cref="ArgumentException">The options are not valid. The message lists every mistake.</exception>
    /// <exception cref="Sessions.DeviceUnavailableException">The device does not exist.</exception>
    public async Task<IEngine> CreateAsync(ModelPackage package, EngineOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(package);
        var mistakes = EngineOptionsRules.Check(options);
        if (mistakes.Count > 0)
            throw new ArgumentException(string.Join(" ", mistakes), nameof(options));
        if (package.Manifest.Tokenizer is null)
        {
            throw new ModelPackageException(
                package.Manifest.Id, $"Manifest of {package.Manifest.Id} in '{package.Directory}' does not describe a generation model: tokenizer is not set; name the package's tokenizer.json.");
        }

        return await GenerationEngine.LoadAsync(package, options, time, logger, cancellationToken).ConfigureAwait(false);
    }
}
