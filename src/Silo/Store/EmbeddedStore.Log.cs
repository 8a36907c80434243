namespace Meridian.Silo.Store;

internal sealed partial class EmbeddedStore
{
    [LoggerMessage(5101, LogLevel.Information, "Store on 127.0.0.1:{Port}, files in {Directory}, ready in {Milliseconds} ms.")]
    private partial void LogStarted(int port, string directory, long milliseconds);

    [LoggerMessage(5102, LogLevel.Error, "The store in {Directory} holds a record that cannot be read; what was written after it is missing. The file as it was found is kept in {Copy}: put back a backup if it matters. {Damage}")]
    private partial void LogDamaged(string directory, string copy, string damage);
}
