using Microsoft.Extensions.Logging;

namespace Meridian.Inference.Engines.Embeddings;

public sealed partial class EmbeddingEngine
{
    private static partial class Log
    {
        [LoggerMessage(1101, LogLevel.Information, "Loaded {Model} on {Device} ({Threads} threads for each of {Workers} workers) in {ElapsedMs:F0} ms; one item of {Tokens} tokens takes {ItemMs:F1} ms")]
        public static partial void Loaded(ILogger logger, string model, string device, int threads, int workers, double elapsedMs, int tokens, double itemMs);

        [LoggerMessage(1102, LogLevel.Error, "A batch of {Items} items, {Tokens} tokens, failed on {Model}; its calls fail, the engine goes on")]
        public static partial void BatchFailed(ILogger logger, string model, int items, int tokens, Exception exception);

        [LoggerMessage(1103, LogLevel.Information, "Stopped {Model}; {Dropped} waiting items were refused")]
        public static partial void Stopped(ILogger logger, string model, int dropped);
    }
}
