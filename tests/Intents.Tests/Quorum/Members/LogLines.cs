using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Meridian.Intents.Tests.Quorum.Members;

/// <summary>Entries of the log from warning on, each with its stack.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> All { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            All.Enqueue($"{formatter(state, exception)}{exception}");
    }

    public void Dispose()
    {
    }
}
