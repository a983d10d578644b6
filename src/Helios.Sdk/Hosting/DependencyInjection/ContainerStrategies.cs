using Helios.Sdk.Backends;
using Helios.Sdk.Energy;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Hosting.Strategies;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Tokenization;
using Microsoft.Extensions.DependencyInjection;

namespace Helios.Sdk.Hosting.DependencyInjection;

/// <summary>Finds what is registered in a container for engines to be made of.</summary>
/// <param name="provider">The container.</param>
/// <param name="key">The name of an engine, for what is its alone; null for what all share.</param>
internal sealed class ContainerStrategies(IServiceProvider provider, string? key)
{
    public EngineStrategies Find()
    {
        var found = new EngineStrategies();
        AddShared<IBackendFactory>(found);
        AddShared<ITokenizerFactory>(found);
        AddShared<IExitPolicy>(found);
        AddShared<ISloObjective>(found);
        AddStateful<IRequestOrder>(found);
        if (All<IScheduler>().Count > 0) AddStateful<IScheduler>(found);
        if (All<IEnergyMeter>() is { Count: > 0 } meters) found.Add(() => meters[^1]);
        return found;
    }

    /// <summary>What has no state may serve all.</summary>
    private void AddShared<T>(EngineStrategies found)
        where T : class
    {
        foreach (var service in All<T>()) found.Add(() => service);
    }

    /// <summary>What has state is made anew whenever an engine asks.</summary>
    private void AddStateful<T>(EngineStrategies found)
        where T : class
    {
        var (first, second) = (All<T>(), All<T>());
        for (var i = 0; i < first.Count; i++)
        {
            if (ReferenceEquals(first[i], second[i]))
                throw new InvalidOperationException($"{first[i].GetType()} is registered as a shared {typeof(T).Name}, but it has state: register it as transient.");
            var index = i;
            found.Add(() => All<T>()[index]);
        }
    }

    private List<T> All<T>()
        where T : class => key is null ? [.. provider.GetServices<T>()] : [.. provider.GetKeyedServices<T>(key)];
}
