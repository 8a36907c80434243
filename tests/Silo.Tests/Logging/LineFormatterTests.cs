using Meridian.Silo.Logging;
using Meridian.Silo.Processes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Silo.Tests.Logging;

public sealed class LineFormatterTests
{
    private const string Forged = "new\x1b[31m kernel\r\n00:00:00.000 error forged\u2028\u009b\u202e";
    private const string Written = @"new\x1b[31m kernel 00:00:00.000 error forged\u2028\x9b\u202e";

    [Fact]
    public void What_a_caller_sent_stays_on_its_line_and_steers_no_terminal()
    {
        var lines = Format(Forged, null);

        Assert.EndsWith(Written, Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public void So_does_an_exceptions_message()
    {
        var lines = Format("failed", new InvalidOperationException("odd \x1b[2J name"));

        Assert.Contains(@"odd \x1b[2J name", lines[1], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.DoesNotContain(line, char.IsControl));
    }

    [Fact]
    public void A_warning_names_its_exception_in_the_line()
    {
        var lines = Format("failed", new InvalidOperationException("odd \x1b[2J\nname"), LogLevel.Warning);

        Assert.EndsWith(@"failed (InvalidOperationException: odd \x1b[2J name)", Assert.Single(lines), StringComparison.Ordinal);
    }

    private static string[] Format(string message, Exception? exception, LogLevel level = LogLevel.Error)
    {
        using var output = new StringWriter();
        new LineFormatter(new FakeTimeProvider(), new StartPhase()).Write(new LogEntry<string>(level, "Meridian.Test", new EventId(1), message, exception, static (text, _) => text), null, output);
        return output.ToString().TrimEnd().Split('\n');
    }
}
