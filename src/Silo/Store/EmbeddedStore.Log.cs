namespace Meridian.Silo.Store;

internal sealed partial class EmbeddedStore
{
    [LoggerMessage(5101, LogLevel.Information, "Store on 127.0.0.1:{Port}, files in {Directory}, ready in {Milliseconds} ms.")]
    private partial void LogStarted(int port, string directory, long milliseconds);

    [LoggerMessage(5102, LogLevel.Error, "The store in {Directory} is damaged: {Loss}")]
    private partial void LogDamaged(string directory, string loss);
}
