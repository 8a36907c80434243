using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Packages;
using Meridian.Inference.Tokenization;

namespace Meridian.Grains.Tests.Fakes;

/// <summary>An engine whose streams a test writes.</summary>
public sealed class TestGenerator(ModelPackage package, EngineOptions options, TestGenerators hub) : IGenerationEngine
{
    private readonly TaskCompletionSource<Exception> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly List<TestGenerationStream> _running = [];
    private bool _disposed;

    public ModelPackage Package { get; } = package;

    public EngineOptions Options { get; } = options;

    public string Device => Options.Device;

    public Task<Exception> Lost => _lost.Task;

    public EngineLoad Load => new(Running, 0, Options.QueueCapacity, 20);

    public int ContextLength => 512;

    public string Arithmetic => hub.Arithmetic;

    public IGenerationTokenizer Tokenizer { get; } = new TestTokenizer();

    public GenerationCounters Counters => new();

    /// <value>Choices of all streams that have not ended.</value>
    public int Running
    {
        get
        {
            lock (_lock) return _running.Where(static s => !s.Over).Sum(static s => s.Work.Prompts.Length * s.Work.ChoicesPerPrompt);
        }
    }

    public GenerationAdmission Open(GenerationWork work, CancellationToken cancellationToken = default)
    {
        if (_disposed) throw new EngineStoppedException(Package.Manifest.Id);
        if (hub.Admit(this, work) is { } refused) return refused;
        var stream = new TestGenerationStream(this, work);
        lock (_lock) _running.Add(stream);
        hub.Add(stream);
        hub.Begin(stream);
        return new GenerationAdmission { Status = GenerationStatus.Admitted, Stream = stream };
    }

    /// <summary>The engine dies of itself.</summary>
    public void Lose(Exception why) => _lost.TrySetResult(why);

    public ValueTask DisposeAsync()
    {
        _disposed = true;
        lock (_lock)
        {
            foreach (var stream in _running) stream.Fail(new EngineStoppedException(Package.Manifest.Id));
        }

        return default;
    }
}
