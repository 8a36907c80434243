namespace Meridian.Silo.Hosting;

internal sealed partial class PlainNetworkWarning
{
    [LoggerMessage(5302, LogLevel.Warning, "Listening on {Addresses} without keys and without encryption (Meridian:Process:AllowPlainNetwork): everyone in that network can read and send everything.")]
    private partial void LogPlain(string addresses);
}
