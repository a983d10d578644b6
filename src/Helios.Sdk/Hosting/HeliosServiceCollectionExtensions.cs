using System.Diagnostics.Metrics;
using Helios.Sdk;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Helios to an application.</summary>
public static class HeliosServiceCollectionExtensions
{
    /// <summary>
    /// Adds an engine: <see cref="IHeliosClient"/>, <see cref="IChatClient"/> (unless one is registered already),
    /// <see cref="IModelPool"/> and <see cref="HeliosEngine"/>, made once. A host starts
    /// it with the application and drains it at shutdown; without a host it starts when it is first resolved, and stops when
    /// the provider is disposed asynchronously. It finds every <see cref="ISloObjective"/> that is registered by its name, and takes
    /// a registered <see cref="IEnergyMeter"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Composes the engine.</param>
    /// <exception cref="InvalidOperationException">An engine was added already.</exception>
    public static IServiceCollection AddHelios(this IServiceCollection services, Action<IHeliosBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        if (services.Any(service => service.ServiceType == typeof(HeliosEngine)))
            throw new InvalidOperationException("An engine was added already: one call of AddHelios composes the whole of it.");
        services.TryAddSingleton(provider =>
        {
            var builder = HeliosEngine.CreateBuilder();
            if (provider.GetService<ILoggerFactory>() is { } logging) builder.UseLogging(logging);
            if (provider.GetService<IMeterFactory>() is { } meters) builder.UseMeters(meters);
            if (provider.GetService<TimeProvider>() is { } time) builder.UseTime(time);
            foreach (var objective in provider.GetServices<ISloObjective>()) builder.UseStrategy(() => objective);
            if (provider.GetService<IEnergyMeter>() is { } meter) builder.UseStrategy(() => meter);
            configure(builder);
            return builder.Build();
        });
        services.TryAddSingleton<IHeliosClient>(provider => provider.GetRequiredService<HeliosEngine>());
        services.TryAddSingleton<IChatClient>(provider => new HeliosChatClient(provider.GetRequiredService<HeliosEngine>(), time: provider.GetService<TimeProvider>()));
        services.TryAddSingleton(provider => provider.GetRequiredService<HeliosEngine>().Pool);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, HeliosHostedService>());
        return services;
    }

    private sealed class HeliosHostedService(HeliosEngine engine) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => engine.StopAsync(cancellationToken);
    }
}
