using System.Runtime.InteropServices;
using Meridian.Inference.Engines;
using Meridian.Inference.Packages;

namespace Meridian.Benchmarks.Embeddings;

/// <summary>Answers a vector of MiniLM's length at once.</summary>
public sealed class NoOpEngine(ModelPackage package, EngineOptions options) : IEmbeddingEngine
{
    private static readonly byte[] Vector = MemoryMarshal.AsBytes(Enumerable.Range(0, NoOpPackage.Dimensions).Select(i => MathF.Sin(i) / 20).ToArray().AsSpan()).ToArray();

    public ModelPackage Package => package;

    public string Device => options.Device;

    public Task<Exception> Lost { get; } = new TaskCompletionSource<Exception>().Task;

    public EngineLoad Load => new(0, 0, options.QueueCapacity, 0.01f);

    public int Dimensions => NoOpPackage.Dimensions;

    public int MaxTokens => 256;

    public ValueTask<EmbeddingOutcome> EmbedAsync(EmbeddingWork work, CancellationToken cancellationToken) => ValueTask.FromResult(new EmbeddingOutcome
    {
        Status = EmbeddingStatus.Done,
        Vectors = Vector,
        Rows = 1,
        Dimensions = NoOpPackage.Dimensions,
        PromptTokens = 8,
    });

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
