using Meridian.Inference.Engines;
using Meridian.Inference.Packages;

namespace Meridian.Grains.Tests.Fakes;

/// <summary>An engine that does what the test says.</summary>
public sealed class TestEngine(ModelPackage package, EngineOptions options, TestEngines hub) : IEmbeddingEngine
{
    private readonly TaskCompletionSource<Exception> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _inFlight;

    public ModelPackage Package { get; } = package;

    public EngineOptions Options { get; } = options;

    public string Device => Options.Device;

    public Task<Exception> Lost => _lost.Task;

    public EngineLoad Load => new(Volatile.Read(ref _inFlight), 0, Options.QueueCapacity, 1.5f);

    public int Dimensions => 4;

    public int MaxTokens => 256;

    public bool Disposed { get; private set; }

    public async ValueTask<EmbeddingOutcome> EmbedAsync(EmbeddingWork work, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Disposed, this);
        Interlocked.Increment(ref _inFlight);
        try
        {
            return await hub.Embed(this, work, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    /// <summary>The engine dies of itself.</summary>
    public void Lose(Exception why) => _lost.TrySetResult(why);

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return default;
    }

    public static EmbeddingOutcome Done(EmbeddingWork work)
    {
        var rows = work.Texts?.Length ?? work.TokenIds?.Length ?? 0;
        return new EmbeddingOutcome { Status = EmbeddingStatus.Done, Rows = rows, Dimensions = 4, Vectors = new byte[rows * 16], PromptTokens = rows, QueueMs = 1, ServiceMs = 2 };
    }
}
