using System.Diagnostics.Metrics;
using Helios.Sdk.Backends;
using Helios.Sdk.Hosting;
using Helios.Sdk.Hosting.Composition;
using Helios.Sdk.Hosting.Configuration;
using Helios.Sdk.Hosting.Strategies;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Helios.Sdk;

/// <summary>Builds an engine without dependency injection: <c>HeliosEngine.CreateBuilder()</c>. Not thread-safe.</summary>
public sealed class HeliosBuilder : IHeliosBuilder
{
    private readonly List<Action<HeliosOptions>> changes = [];
    private ILoggerFactory logging = NullLoggerFactory.Instance;
    private IMeterFactory? meters;

    internal HeliosBuilder()
    {
    }

    internal EngineStrategies Strategies { get; } = new();

    internal TimeProvider Time { get; private set; } = TimeProvider.System;

    /// <summary>Distinguishes engines of one container; empty for the one without a name.</summary>
    internal string Name { get; init; } = "";

    /// <summary>What was said here, for the parts of the engine.</summary>
    internal EngineContext Context => new(Name, Strategies, Time, logging, meters);

    /// <inheritdoc cref="IHeliosBuilder.Configure"/>
    public HeliosBuilder Configure(Action<HeliosOptions> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        changes.Add(change);
        return this;
    }

    /// <inheritdoc cref="IHeliosBuilder.UseBackend"/>
    public HeliosBuilder UseBackend(Func<IBackend> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        Strategies.Add<IBackendFactory>(() => new NamelessBackend(create));
        return this;
    }

    /// <inheritdoc cref="IHeliosBuilder.UseStrategy"/>
    public HeliosBuilder UseStrategy<TStrategy>(Func<TStrategy> create)
        where TStrategy : class
    {
        Strategies.Add(create);
        return this;
    }

    IHeliosBuilder IHeliosBuilder.Configure(Action<HeliosOptions> change) => Configure(change);

    IHeliosBuilder IHeliosBuilder.UseBackend(Func<IBackend> create) => UseBackend(create);

    IHeliosBuilder IHeliosBuilder.UseStrategy<TStrategy>(Func<TStrategy> create) => UseStrategy(create);

    /// <summary>Uses a clock other than the system's, for tests and simulations.</summary>
    /// <param name="time">The clock.</param>
    public HeliosBuilder UseTime(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        Time = time;
        return this;
    }

    /// <summary>Creates the meter with this factory, for example that of a service container; without it the engine has a meter of its own.</summary>
    /// <param name="meters">Creates the meter, and owns it.</param>
    public HeliosBuilder UseMeters(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        this.meters = meters;
        return this;
    }

    /// <summary>Logs to these loggers; without them nothing is logged. Prompts and answers are never logged.</summary>
    /// <param name="logging">Creates the loggers.</param>
    public HeliosBuilder UseLogging(ILoggerFactory logging)
    {
        ArgumentNullException.ThrowIfNull(logging);
        this.logging = logging;
        return this;
    }

    /// <summary>
    /// Opens the checkpoints (headers only), starts the device thread, and begins to load in the background. You can send requests
    /// at once; they wait for the first model.
    /// </summary>
    /// <exception cref="InvalidOptionException">Options are invalid; the exception lists all faults.</exception>
    /// <exception cref="CheckpointException">A checkpoint is unusable.</exception>
    public HeliosEngine Build()
    {
        var options = new HeliosOptions();
        Apply(options);
        OptionsCheck.Throw(options, Strategies, Time);
        return EngineComposition.Start(options, Context);
    }

    /// <summary>Makes the changes asked for, in their order.</summary>
    internal void Apply(HeliosOptions options)
    {
        foreach (var change in changes) change(options);
    }

    private sealed class NamelessBackend(Func<IBackend> create) : IBackendFactory
    {
        public string Name => "";

        public IReadOnlyList<OptionFault> Check(IReadOnlyDictionary<string, string> settings) =>
            [.. settings.Keys.Select(name => new OptionFault(name, "unknown", "no settings for a backend given by UseBackend"))];

        public IBackend Create(IReadOnlyDictionary<string, string> settings) => create();
    }
}
