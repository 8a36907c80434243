using System.Globalization;
using Meridian.Silo.Processes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Meridian.Silo.Logging;

/// <summary>
/// Formats a log entry as one line: <c>18:02:03.123 info  ModelInstaller[5201] message</c>. For an error, the stack trace follows, indented. For a warning, the
/// line names the exception without a stack trace, because warnings are expected events (another process starts, stops or is gone) and their place in the code
/// does not matter.
/// Control characters are escaped (<see cref="LogText"/>).
/// </summary>
internal sealed class LineFormatter(TimeProvider time, StartPhase phase) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "meridian";

    // The host's "failed to start" with a stack trace is dropped. The command prints the reason as a sentence, once, when it ends.
    private const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";
    private const int StartFaulted = 11;

    // When a silo stops, Orleans looks for another silo to move a grain to. It is no error that the last silo of a region finds none.
    private const string GrainCategory = "Orleans.Grain";
    private const int NowhereToMigrate = 186169153;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        // Libraries log an error when their start is cancelled.
        if (phase.IsAbandoned && !logEntry.Category.StartsWith("Meridian.", StringComparison.Ordinal))
        {
            return;
        }

        if ((logEntry.EventId.Id == StartFaulted && logEntry.Category == HostCategory) || (logEntry.EventId.Id == NowhereToMigrate && logEntry.Category == GrainCategory))
        {
            return;
        }

        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.Write(time.GetLocalNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture));
        textWriter.Write(Level(logEntry.LogLevel));
        textWriter.Write(logEntry.Category.AsSpan(logEntry.Category.LastIndexOf('.') + 1));
        if (logEntry.EventId.Id != 0)
        {
            textWriter.Write('[');
            textWriter.Write(logEntry.EventId.Id);
            textWriter.Write(']');
        }

        textWriter.Write(' ');
        textWriter.Write(Secrets.RedactLine(LogText.OneLine(message)));
        if (logEntry.Exception is { } reason && logEntry.LogLevel == LogLevel.Warning)
        {
            textWriter.Write(Secrets.RedactLine(LogText.OneLine($" ({reason.GetType().Name}: {reason.Message})")));
        }

        textWriter.WriteLine();
        if (logEntry.Exception is { } exception && logEntry.LogLevel != LogLevel.Warning && !phase.IsAbandoned)
        {
            foreach (var line in exception.ToString().EnumerateLines())
            {
                textWriter.Write("    ");
                textWriter.WriteLine(Secrets.RedactLine(LogText.OneLine(line.ToString())));
            }
        }
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => " trace ",
        LogLevel.Debug => " debug ",
        LogLevel.Information => " info  ",
        LogLevel.Warning => " warn  ",
        LogLevel.Error => " error ",
        _ => " fatal ",
    };
}
