namespace Meridian.Silo.Store;

/// <summary>
/// Hears what Garnet says of its append-only file while it reads it. It goes on after a record that it cannot read and only logs that; an operator must be told what it means.
/// </summary>
internal sealed class RecoveryLog(ILoggerFactory inner) : ILoggerFactory
{
    private const string Category = "GarnetLog";

    /// <value>What was found, in Garnet's words, or null where the file was sound.</value>
    public string? Damage { get; private set; }

    public ILogger CreateLogger(string categoryName)
    {
        var logger = inner.CreateLogger(categoryName);
        return categoryName.StartsWith(Category, StringComparison.Ordinal) ? new Listening(logger, this) : logger;
    }

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    public void Dispose()
    {
        // The inner factory is the host's.
    }

    private sealed class Listening(ILogger logger, RecoveryLog owner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning || logger.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning && formatter(state, exception) is { } message && message.Contains("torn", StringComparison.OrdinalIgnoreCase))
            {
                owner.Damage ??= message;
                return;
            }

            logger.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
