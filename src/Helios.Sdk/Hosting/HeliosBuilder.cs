using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Helios.Sdk;

/// <summary>Composes an engine without dependency injection: <c>HeliosEngine.CreateBuilder()</c>. Not thread-safe.</summary>
public sealed class HeliosBuilder : IHeliosBuilder
{
    private readonly List<Action<HeliosOptions>> changes = [];

    internal HeliosBuilder()
    {
    }

    internal Func<IBackend>? Backend { get; private set; }

    internal Func<IScheduler>? Scheduler { get; private set; }

    internal List<Func<IExitPolicy>> ExitPolicies { get; } = [];

    internal List<Func<ISloObjective>> Objectives { get; } = [];

    internal List<Func<IRequestOrder>> RequestOrders { get; } = [];

    internal Func<IEnergyMeter>? EnergyMeter { get; private set; }

    internal TimeProvider Time { get; private set; } = TimeProvider.System;

    internal IMeterFactory? Meters { get; private set; }

    internal ILoggerFactory Logging { get; private set; } = NullLoggerFactory.Instance;

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
        Backend = create;
        return this;
    }

    /// <inheritdoc cref="IHeliosBuilder.UseStrategy"/>
    public HeliosBuilder UseStrategy<TStrategy>(Func<TStrategy> create)
        where TStrategy : class
    {
        ArgumentNullException.ThrowIfNull(create);
        switch (create)
        {
            case Func<IScheduler> scheduler: Scheduler = scheduler; break;
            case Func<IExitPolicy> policy: ExitPolicies.Add(policy); break;
            case Func<ISloObjective> objective: Objectives.Add(objective); break;
            case Func<IRequestOrder> order: RequestOrders.Add(order); break;
            case Func<IEnergyMeter> meter: EnergyMeter = meter; break;
            default: throw new ArgumentException($"{typeof(TStrategy).Name} is no strategy of the engine; it has {nameof(IScheduler)}, {nameof(IRequestOrder)}, {nameof(IExitPolicy)}, {nameof(ISloObjective)} and {nameof(IEnergyMeter)}.", nameof(create));
        }

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

    /// <summary>Measures on a meter of this factory, as a service container has it; without one the engine has a meter of its own.</summary>
    /// <param name="meters">Makes the meter, and owns it.</param>
    public HeliosBuilder UseMeters(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        Meters = meters;
        return this;
    }

    /// <summary>Logs to these loggers; without them nothing is logged. Prompts and answers never are.</summary>
    /// <param name="logging">Makes the loggers.</param>
    public HeliosBuilder UseLogging(ILoggerFactory logging)
    {
        ArgumentNullException.ThrowIfNull(logging);
        Logging = logging;
        return this;
    }

    /// <summary>
    /// Opens the checkpoints (headers only), starts the device thread, and begins to load in the background. Requests may be
    /// made at once; they wait for the first model.
    /// </summary>
    /// <exception cref="ArgumentException">An option is invalid; the message names it.</exception>
    /// <exception cref="CheckpointException">A checkpoint is unusable.</exception>
    public HeliosEngine Build()
    {
        var options = new HeliosOptions();
        foreach (var change in changes) change(options);
        OptionsCheck.Throw(options, this);
        return EngineComposition.Start(options, this);
    }
}
