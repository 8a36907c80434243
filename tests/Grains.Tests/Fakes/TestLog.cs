using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Tests.Fakes;

/// <summary>The last warnings and errors, for the text of a failed assertion, and to prove what is not logged.</summary>
public sealed class TestLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, EventId Event, string Text)> _lines = new();

    public IEnumerable<(LogLevel Level, EventId Event, string Text)> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        _lines.Enqueue((logLevel, eventId, formatter(state, exception) + (exception is null ? "" : " | " + exception)));
        while (_lines.Count > 2000) _lines.TryDequeue(out _);
    }

    public override string ToString() => string.Join('\n', _lines.Where(l => l.Level >= LogLevel.Warning || l.Event.Id is >= 3000 and < 3400).TakeLast(60).Select(l => $"{l.Level} {l.Event.Id} {l.Text}"));

    public void Dispose()
    {
    }
}
