using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>Keeps what is logged.</summary>
internal sealed class CollectingLogger : ILoggerFactory
{
    private readonly ConcurrentQueue<(string Category, LogLevel Level, string Message)> entries = new();

    private readonly ConcurrentQueue<string> everything = new();

    /// <summary>Messages, exceptions, scopes, and every value that is logged by name.</summary>
    public IEnumerable<string> Everything => everything;

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

    private void Keep<TState>(TState state)
    {
        everything.Enqueue($"{state}");
        if (state is not IEnumerable<KeyValuePair<string, object?>> values) return;
        foreach (var (name, value) in values) everything.Enqueue($"{name}={value}");
    }

    private sealed class OfCategory(CollectingLogger log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            log.Keep(state);
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var message = $"{formatter(state, exception)} {exception}";
            log.entries.Enqueue((category, logLevel, message));
            log.everything.Enqueue(message);
            log.Keep(state);
        }
    }
}
