namespace Meridian.Silo.Store;

/// <summary>
/// Watches Garnet's log messages while it reads its append-only file. When Garnet cannot read a record, it only logs a warning and goes on. An operator must
/// learn of it.
/// </summary>
internal sealed class RecoveryLog(ILoggerFactory inner) : ILoggerFactory
{
    private const string Category = "GarnetLog";

    /// <value>Garnet's first message about damage, or null if there was none.</value>
    public string? Damage { get; private set; }

    public ILogger CreateLogger(string categoryName)
    {
        var logger = inner.CreateLogger(categoryName);
        return categoryName.StartsWith(Category, StringComparison.Ordinal) ? new Listening(logger, this) : logger;
    }

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    public void Dispose()
    {
        // The host owns the inner factory.
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
