using Microsoft.Extensions.Logging;

namespace Meridian.Inference.Engines.Embeddings;

public sealed partial class EmbeddingEngine
{
    private static partial class Log
    {
        [LoggerMessage(1101, LogLevel.Information, "Loaded {Model} on {Device} ({Workers} workers of {Threads} threads) in {ElapsedMs:F0} ms; an item of {Tokens} tokens takes {ItemMs:F1} ms")]
        public static partial void Loaded(ILogger logger, string model, string device, int workers, int threads, double elapsedMs, int tokens, double itemMs);
    }
}
