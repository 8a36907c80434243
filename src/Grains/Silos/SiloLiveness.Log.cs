using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Silos;

public sealed partial class SiloLiveness
{
    [LoggerMessage(EventId = 3201, Level = LogLevel.Information, Message = "The connection to silo {Silo} ended; attempts under way there are made elsewhere")]
    private partial void LogConnectionLost(SiloAddress silo);
}
