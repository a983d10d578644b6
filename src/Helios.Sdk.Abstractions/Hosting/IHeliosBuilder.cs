using Helios.Sdk.Backends;
using Helios.Sdk.Energy;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk;

/// <summary>Builds an engine. All fluent methods are extension methods over these three. Not thread-safe.</summary>
public interface IHeliosBuilder
{
    /// <summary>Changes options; changes apply in order.</summary>
    /// <param name="change">Changes the options.</param>
    IHeliosBuilder Configure(Action<HeliosOptions> change);

    /// <summary>
    /// Adds a backend without a name. The engine creates it when it starts and disposes it when it stops. The last added backend is
    /// used, unless <see cref="HeliosOptions.Backend"/> names one.
    /// </summary>
    /// <param name="create">Creates the backend.</param>
    IHeliosBuilder UseBackend(Func<IBackend> create);

    /// <summary>
    /// Adds or replaces one of the engine's strategies: <see cref="IExitPolicy"/>, <see cref="ISloObjective"/> and
    /// <see cref="IRequestOrder"/> and <see cref="IBackendFactory"/> (found by name), <see cref="IScheduler"/>,
    /// <see cref="ITokenizerFactory"/>, or <see cref="IEnergyMeter"/>.
    /// </summary>
    /// <typeparam name="TStrategy">The strategy's interface.</typeparam>
    /// <param name="create">Creates it: once per engine, an order once per priority.</param>
    /// <exception cref="ArgumentException">The engine knows no such strategy.</exception>
    IHeliosBuilder UseStrategy<TStrategy>(Func<TStrategy> create)
        where TStrategy : class;
}
