namespace Helios.Sdk;

/// <summary>Composes an engine. Everything fluent is an extension method over these three. Not thread-safe.</summary>
public interface IHeliosBuilder
{
    /// <summary>Changes options; changes apply in the order they were made.</summary>
    /// <param name="change">Changes the options it is given.</param>
    IHeliosBuilder Configure(Action<HeliosOptions> change);

    /// <summary>Chooses the backend. The engine makes it when it starts and disposes it when it stops; the last choice counts.</summary>
    /// <param name="create">Makes the backend.</param>
    IHeliosBuilder UseBackend(Func<IBackend> create);

    /// <summary>
    /// Adds or replaces one of the engine's strategies: <see cref="IExitPolicy"/>, <see cref="ISloObjective"/> and
    /// <see cref="IRequestOrder"/> (found by name), <see cref="IScheduler"/>, or <see cref="IEnergyMeter"/>.
    /// </summary>
    /// <typeparam name="TStrategy">The strategy's interface.</typeparam>
    /// <param name="create">Makes it: once per engine, an order once per priority.</param>
    /// <exception cref="ArgumentException">The engine knows no such strategy.</exception>
    IHeliosBuilder UseStrategy<TStrategy>(Func<TStrategy> create)
        where TStrategy : class;
}
