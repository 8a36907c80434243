using Microsoft.Extensions.Logging;

namespace Meridian.Inference.Packages.Store;

public sealed partial class ModelStore
{
    private static partial class Log
    {
        [LoggerMessage(1001, LogLevel.Information, "Installed model {Model} ({Bytes} bytes) into {Directory} in {ElapsedMs} ms")]
        public static partial void Installed(ILogger logger, string model, long bytes, string directory, double elapsedMs);

        [LoggerMessage(1002, LogLevel.Information, "Removed {Directory}, left by an installation that did not finish")]
        public static partial void LeftoverRemoved(ILogger logger, string directory);

        [LoggerMessage(1003, LogLevel.Warning, "Could not remove {Directory}, left by an installation that did not finish; delete it by hand to free its space")]
        public static partial void LeftoverStays(ILogger logger, string directory, Exception exception);
    }
}
