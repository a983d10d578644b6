using Helios.Sdk.Backends;
using Helios.Sdk.Energy;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Hosting.Strategies;

/// <summary>What an engine is made of that others may bring along. Lists are latest first: of those of one name, the one added last counts.</summary>
internal sealed class EngineStrategies
{
    public List<Func<IBackendFactory>> Backends { get; } = [];

    public List<Func<ITokenizerFactory>> Tokenizers { get; } = [];

    public List<Func<IExitPolicy>> ExitPolicies { get; } = [];

    public List<Func<ISloObjective>> Objectives { get; } = [];

    public List<Func<IRequestOrder>> RequestOrders { get; } = [];

    public Func<IScheduler>? Scheduler { get; private set; }

    public Func<IEnergyMeter>? EnergyMeter { get; private set; }

    /// <summary>Adds one more.</summary>
    /// <exception cref="ArgumentException">The engine knows no such strategy.</exception>
    public void Add<TStrategy>(Func<TStrategy> create)
        where TStrategy : class
    {
        ArgumentNullException.ThrowIfNull(create);
        switch (create)
        {
            case Func<IScheduler> scheduler: Scheduler = scheduler; break;
            case Func<IExitPolicy> policy: ExitPolicies.Insert(0, policy); break;
            case Func<ISloObjective> objective: Objectives.Insert(0, objective); break;
            case Func<IRequestOrder> order: RequestOrders.Insert(0, order); break;
            case Func<IBackendFactory> backend: Backends.Insert(0, backend); break;
            case Func<ITokenizerFactory> tokenizers: Tokenizers.Insert(0, tokenizers); break;
            case Func<IEnergyMeter> meter: EnergyMeter = meter; break;
            default:
                throw new ArgumentException(
                    $"{typeof(TStrategy).Name} is not a strategy of the engine; it has {nameof(IBackendFactory)}, {nameof(ITokenizerFactory)}, {nameof(IScheduler)}, {nameof(IRequestOrder)}, {nameof(IExitPolicy)}, {nameof(ISloObjective)} and {nameof(IEnergyMeter)}.",
                    nameof(create));
        }
    }

    /// <summary>Adds all that another one has; it goes before what is here.</summary>
    public void Add(EngineStrategies other)
    {
        Backends.InsertRange(0, other.Backends);
        Tokenizers.InsertRange(0, other.Tokenizers);
        ExitPolicies.InsertRange(0, other.ExitPolicies);
        Objectives.InsertRange(0, other.Objectives);
        RequestOrders.InsertRange(0, other.RequestOrders);
        Scheduler = other.Scheduler ?? Scheduler;
        EnergyMeter = other.EnergyMeter ?? EnergyMeter;
    }
}
