using Microsoft.Extensions.Logging;

namespace Meridian.Inference.Engines.Generation.Scheduling;

internal sealed partial class GenerationScheduler
{
    private static partial class Log
    {
        [LoggerMessage(1202, LogLevel.Error, "A step of {Rows} sequences, {Tokens} tokens, failed on {Model}; they are computed again in smaller steps, to find which of them makes it fail")]
        public static partial void StepFailed(ILogger logger, string model, int rows, int tokens, Exception exception);

        [LoggerMessage(1203, LogLevel.Error, "Choosing token {Position} of choice {Choice} failed on {Model}; its stream fails, the engine goes on")]
        public static partial void TokenFailed(ILogger logger, string model, int choice, int position, Exception exception);

        [LoggerMessage(1208, LogLevel.Error, "Choice {Choice} of a stream makes steps of {Model} fail at its tokens {First} to {Last}; its stream fails, the others go on")]
        public static partial void SequenceFailed(ILogger logger, string model, int choice, int first, int last, Exception exception);

        [LoggerMessage(1206, LogLevel.Critical, "The engine of {Model} cannot go on: its streams go on at other replicas, and the model is loaded anew")]
        public static partial void Lost(ILogger logger, string model, Exception exception);

        [LoggerMessage(1215, LogLevel.Information, "Choice {Choice} goes on at once on {Model}: its generated tokens, of which {Tokens} are missing, would be computed again one by one in {ExpectedMs:F0} ms, more than the {AllowedMs:F0} ms that ExactReplayMs {BoundMs:F0} allows. Its answer says that it is not exact")]
        public static partial void ReplayedFast(ILogger logger, string model, int choice, int tokens, double expectedMs, double allowedMs, double boundMs);

        [LoggerMessage(1205, LogLevel.Information, "Stopped {Model}; {Dropped} sequences had not ended")]
        public static partial void Stopped(ILogger logger, string model, int dropped);
    }
}
