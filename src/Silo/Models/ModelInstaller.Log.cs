namespace Meridian.Silo.Models;

internal sealed partial class ModelInstaller
{
    [LoggerMessage(5201, LogLevel.Information, "Model {Package} is in the model store, {Milliseconds} ms.")]
    private partial void LogInstalled(string package, long milliseconds);

    [LoggerMessage(5202, LogLevel.Error, "Model {Model} cannot be installed; the region serves without it. {Reason}")]
    private partial void LogNotInstalled(string model, string reason);
}
