using Meridian.Inference.Packages;

namespace Meridian.Inference.Engines.Embeddings;

/// <summary>Runs a few input shapes before the engine reports ready, because the first run of a session allocates its arena and is slow.</summary>
internal static class WarmUp
{
    /// <summary>Number of tokens of the item that is timed, or the model's limit if that is lower.</summary>
    public const int ItemTokens = 32;

    // A machine that starts several regions at once makes any single run slow. The fastest of a few runs shows the engine's own speed.
    private const int TimedRuns = 3;

    /// <returns>Time of one item of <see cref="ItemTokens"/> tokens, ms: the engine's first estimate of its service time.</returns>
    public static float Run(IBatchRunner runner, ModelManifest manifest, BatchLimits limits, TimeProvider time, CancellationToken cancellationToken)
    {
        var item = Math.Min(ItemTokens, manifest.MaxTokens);
        Batch(1, manifest.MaxTokens);
        Batch(Math.Clamp(limits.MaxTokens / item, 1, limits.MaxItems), item);
        Batch(1, item);
        var best = double.MaxValue;
        for (var i = 0; i < TimedRuns; i++)
        {
            var started = time.GetTimestamp();
            Batch(1, item);
            best = Math.Min(best, time.GetElapsedTime(started).TotalMilliseconds);
        }

        return (float)best;

        void Batch(int items, int length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var ids = new uint[items][];
            Array.Fill(ids, new uint[length]);
            runner.Run(new EmbeddingCall(ids, manifest.Dimensions).Items, length);
        }
    }
}
