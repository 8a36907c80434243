using System.Collections.Concurrent;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Packages;

namespace Meridian.Grains.Tests.Fakes;

/// <summary>Factory of the scripted engines that generate text, and the place where a test says what they do.</summary>
public sealed class TestGenerators : IEngineFactory
{
    private readonly ConcurrentQueue<TestGenerator> _created = new();
    private readonly ConcurrentQueue<TestGenerationStream> _streams = new();

    public string Kind => "generation";

    /// <value>What new engines say of their arithmetic.</value>
    public string Arithmetic { get; set; } = "cpu-test-ort0";

    public IReadOnlyCollection<TestGenerator> Created => _created;

    /// <value>Streams of all engines, oldest first.</value>
    public IReadOnlyCollection<TestGenerationStream> Streams => _streams;

    /// <value>Fills a new stream; without more it waits for the test's tokens after one.</value>
    public Action<TestGenerationStream> Begin { get; set; } = static stream => stream.Write(1);

    /// <value>Answers instead of a stream, or null.</value>
    public Func<TestGenerator, GenerationWork, GenerationAdmission?> Admit { get; set; } = static (_, _) => null;

    public Task<IEngine> CreateAsync(ModelPackage package, EngineOptions options, CancellationToken cancellationToken)
    {
        var engine = new TestGenerator(package, options, this);
        _created.Enqueue(engine);
        return Task.FromResult<IEngine>(engine);
    }

    internal void Add(TestGenerationStream stream) => _streams.Enqueue(stream);
}
