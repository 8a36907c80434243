namespace Meridian.Silo.Store.Health;

internal sealed partial class CheckedGrainStorage
{
    [LoggerMessage(5106, LogLevel.Error, "The record {Key} is damaged. It was set aside in {Directory}, and its grain begins without it.")]
    private partial void LogDamaged(string key, string directory);

    [LoggerMessage(5107, LogLevel.Warning, "A record that cannot be read ({Failure}) could not be looked at.")]
    private partial void LogNotSetAside(Exception exception, string failure);
}
