using Meridian.Inference.Decoders.Contract;
using Microsoft.Extensions.Logging;

namespace Meridian.Inference.Engines.Generation;

public sealed partial class GenerationEngine
{
    private static partial class Log
    {
        [LoggerMessage(1216, LogLevel.Information, "{Model} on {Device} computes other bits beside other sequences or in other pieces; answers to requests with a seed or temperature 0 say that they are not exact")]
        public static partial void Inexact(ILogger logger, string model, string device);

        [LoggerMessage(1201, LogLevel.Information, "Loaded {Model} on {Device} ({Threads} threads) in {ElapsedMs:F0} ms; {Layout} cache, {Sequences} sequences, {Budget} tokens of cache, {Longest} of one sequence; a step takes {StepMs:F2} ms, a prompt token {TokenMs:F3} ms")]
        public static partial void Loaded(
            ILogger logger, string model, string device, int threads, double elapsedMs, KvLayout layout, int sequences, long budget, int longest, double stepMs, double tokenMs);

        [LoggerMessage(1207, LogLevel.Warning, "{Model} has a context of {Context} tokens; its key and value cache has memory for {Longest}. Raise KvCacheBytes to serve longer ones")]
        public static partial void ShortOfMemory(ILogger logger, string model, int context, int longest);

        [LoggerMessage(1209, LogLevel.Warning, "{Model}: {Cap}")]
        public static partial void ContextCapped(ILogger logger, string model, ContextCap cap);

        [LoggerMessage(1210, LogLevel.Warning, "{Model} has no token that ends a text, so its texts end at stops and limits only. Name its eos_token_id in generation_config.json, or its eos_token in tokenizer_config.json")]
        public static partial void NoEnd(ILogger logger, string model);
    }
}
