using Microsoft.Extensions.Logging;

namespace Meridian.Client.Regions;

/// <summary>Lets a region's Orleans client log through the application's loggers.</summary>
internal sealed class OrleansLoggerProvider(ILoggerFactory application) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => application.CreateLogger(categoryName);

    // The application owns the logger factory.
    public void Dispose()
    {
    }
}
