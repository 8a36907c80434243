using System.Collections.Concurrent;
using Meridian.Inference.Engines;
using Meridian.Inference.Packages;

namespace Meridian.Grains.Tests.Fakes;

/// <summary>Factory of all test engines of one cluster, and the place where a test says how they behave. Also the model store: every model is installed as version v1, fp32.</summary>
public sealed class TestEngines : IEngineFactory, IModelStore
{
    private readonly ConcurrentQueue<TestEngine> _created = new();

    public string Kind => "embedding";

    public IReadOnlyCollection<TestEngine> Created => _created;

    public Func<TestEngine, EmbeddingWork, CancellationToken, ValueTask<EmbeddingOutcome>> Embed { get; set; } =
        static (_, work, _) => ValueTask.FromResult(TestEngine.Done(work));

    public Func<ModelPackage, CancellationToken, Task> Create { get; set; } = static (_, _) => Task.CompletedTask;

    /// <value>Version that the package on disk names.</value>
    public Func<string, string> VersionOf { get; set; } = static _ => "v1";

    /// <value>Whether every version and variant that is asked for is installed.</value>
    public bool HasAllVersions { get; set; }

    /// <value>Kind of a package; models whose names begin with <c>story</c> generate text.</value>
    public Func<string, string> KindOf { get; set; } = static name => name.StartsWith("story", StringComparison.Ordinal) ? "generation" : "embedding";

    /// <value>Factory of the engines that generate text.</value>
    public TestGenerators Generators { get; } = new();

    /// <value>Throws for a model that is not installed.</value>
    public Action<string> Opening { get; set; } = static _ => { };

    public async Task<IEngine> CreateAsync(ModelPackage package, EngineOptions options, CancellationToken cancellationToken)
    {
        await Create(package, cancellationToken);
        var engine = new TestEngine(package, options, this);
        _created.Enqueue(engine);
        return engine;
    }

    public ModelPackage Open(string name, string? version = null, string? variant = null)
    {
        Opening(name);
        return new ModelPackage(
            "/models/" + name,
            new ModelManifest
            {
                Name = name,
                Version = HasAllVersions && version is not null ? version : VersionOf(name),
                Variant = HasAllVersions && variant is not null ? variant : "fp32",
                Kind = KindOf(name),
                OwnedBy = "tests",
                Files = [],
                Graph = "model.onnx",
            });
    }

    public bool Has(string name, string version, string variant) => true;

    public Task<ModelPackage> InstallAsync(IModelSource source, CancellationToken cancellationToken) => Task.FromResult(Open(source.Name));
}
