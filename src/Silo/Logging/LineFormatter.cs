using System.Globalization;
using Meridian.Silo.Processes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Meridian.Silo.Logging;

/// <summary>One line an entry: <c>18:02:03.123 info  ModelInstaller[5201] message</c>. The stack of an error follows, indented. Of a warning the exception is named in the line: what a
/// process expects to meet (another one that starts, stops or is gone) has nothing to say by the place in the code where it was met. Control characters are written out (<see cref="LogText"/>).</summary>
internal sealed class LineFormatter(TimeProvider time, StartPhase phase) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "meridian";

    // The host's "failed to start", with a stack trace. The command says it in words when it ends, and says it once.
    private const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";
    private const int StartFaulted = 11;

    // Orleans looks for another silo to move a grain to whenever one stops; that the last silo of a region finds none is no error.
    private const string GrainCategory = "Orleans.Grain";
    private const int NowhereToMigrate = 186169153;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        // Libraries report as errors that their start was cancelled.
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
