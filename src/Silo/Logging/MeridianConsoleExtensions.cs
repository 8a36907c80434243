using Microsoft.Extensions.Logging.Console;

namespace Meridian.Silo.Logging;

/// <summary>Registers the console log.</summary>
internal static class MeridianConsoleExtensions
{
    public static ILoggingBuilder AddMeridianConsole(this ILoggingBuilder logging) =>
        logging
            .AddConsole(console => console.FormatterName = LineFormatter.FormatterName)
            .AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
}
