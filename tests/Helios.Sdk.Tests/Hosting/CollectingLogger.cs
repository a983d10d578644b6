using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>Keeps what is logged.</summary>
internal sealed class CollectingLogger : ILoggerFactory
{
    private readonly ConcurrentQueue<(string Category, LogLevel Level, string Message)> entries = new();

    public IEnumerable<string> Of(LogLevel least) => entries.Where(entry => entry.Level >= least).Select(entry => entry.Message);

    /// <summary>Categories that anything was logged in.</summary>
    public IEnumerable<string> Categories => entries.Select(entry => entry.Category).Distinct(StringComparer.Ordinal);

    public ILogger CreateLogger(string categoryName) => new OfCategory(this, categoryName);

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    private sealed class OfCategory(CollectingLogger log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.entries.Enqueue((category, logLevel, $"{formatter(state, exception)} {exception}"));
    }
}
