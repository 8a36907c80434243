using Microsoft.Extensions.Logging;

namespace Meridian.Inference.Engines.Embeddings;

internal sealed partial class EmbeddingScheduler
{
    private static partial class Log
    {
        [LoggerMessage(1102, LogLevel.Error, "A batch of {Items} items, {Tokens} tokens, failed on {Model}. Run again in smaller batches, {Failed} of them fail alone; their calls fail, the engine goes on")]
        public static partial void BatchFailed(ILogger logger, string model, int items, int tokens, int failed, Exception exception);

        [LoggerMessage(1104, LogLevel.Critical, "The engine of {Model} cannot go on: its callers ask other replicas, and the model is loaded anew")]
        public static partial void Lost(ILogger logger, string model, Exception exception);

        [LoggerMessage(1103, LogLevel.Information, "Stopped {Model}; {Dropped} waiting items were refused")]
        public static partial void Stopped(ILogger logger, string model, int dropped);
    }
}
