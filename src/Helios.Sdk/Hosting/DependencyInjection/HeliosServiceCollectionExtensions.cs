using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Energy;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Hosting.DependencyInjection;
using Helios.Sdk.Models;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Tokenization;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Helios to an application.</summary>
/// <remarks>
/// <para>
/// A host starts the engines with the application and drains them at shutdown; without a host an engine starts when it is first
/// resolved, and stops when the provider is disposed asynchronously. Models load in the background; <see cref="HeliosEngine.Ready"/>
/// completes when the first model is loaded, and earlier requests wait in the queue.
/// </para>
/// <para>
/// An engine uses the services of the container: every <see cref="IBackendFactory"/>, <see cref="ISloObjective"/>,
/// <see cref="IExitPolicy"/> and <see cref="IRequestOrder"/> by its name, every <see cref="ITokenizerFactory"/>, and an
/// <see cref="IEnergyMeter"/> and <see cref="IScheduler"/>. A service keyed with the name of an engine belongs to that
/// engine only. Components of the builder take precedence over services of the container.
/// </para>
/// </remarks>
public static class HeliosServiceCollectionExtensions
{
    /// <summary>Adds an engine: <see cref="IHeliosClient"/>, <see cref="IHeliosControl"/>, <see cref="IChatClient"/> (unless one is registered already), <see cref="IModelPool"/> and <see cref="HeliosEngine"/>, as singletons.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Configures the engine. Called once, before this returns.</param>
    /// <exception cref="InvalidOperationException">An engine without a name was added already.</exception>
    public static IServiceCollection AddHelios(this IServiceCollection services, Action<IHeliosBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, Options.Options.DefaultName, configuration: null, configure);
    }

    /// <summary>
    /// Adds an engine with options from configuration: the keys are the properties of <see cref="HeliosOptions"/>. Options that can change
    /// while the engine serves (objective, memory budget, limits) follow a reload of the configuration.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The engine's section, as <c>builder.Configuration.GetSection("Helios")</c>.</param>
    /// <param name="configure">Adds backends and strategies; its options take precedence over the configuration's. May be null.</param>
    /// <exception cref="InvalidOperationException">An engine without a name was added already.</exception>
    public static IServiceCollection AddHelios(this IServiceCollection services, IConfiguration configuration, Action<IHeliosBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return Add(services, Options.Options.DefaultName, configuration, configure);
    }

    /// <summary>Adds a named engine: its services are keyed by the name, and its options have the same name.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name, and the key.</param>
    /// <param name="configure">Configures the engine. Called once, before this returns.</param>
    /// <exception cref="InvalidOperationException">An engine of that name was added already.</exception>
    public static IServiceCollection AddKeyedHelios(this IServiceCollection services, string name, Action<IHeliosBuilder> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, name, configuration: null, configure);
    }

    /// <summary>Adds a named engine with options from configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name, and the key.</param>
    /// <param name="configuration">The engine's section, as <c>builder.Configuration.GetSection("Helios:Chat")</c>.</param>
    /// <param name="configure">Adds backends and strategies; its options take precedence over the configuration's. May be null.</param>
    /// <exception cref="InvalidOperationException">An engine of that name was added already.</exception>
    public static IServiceCollection AddKeyedHelios(this IServiceCollection services, string name, IConfiguration configuration, Action<IHeliosBuilder>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configuration);
        return Add(services, name, configuration, configure);
    }

    private static IServiceCollection Add(IServiceCollection services, string name, IConfiguration? configuration, Action<IHeliosBuilder>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(service => service.ImplementationInstance is EngineRegistration known && known.Name == name))
            throw new InvalidOperationException($"{(name.Length == 0 ? "An engine without a name" : $"The engine '{name}'")} was added already: one call of {(name.Length == 0 ? nameof(AddHelios) : nameof(AddKeyedHelios))} composes the whole of it.");

        var builder = HeliosEngine.CreateBuilder();
        configure?.Invoke(builder);
        var registration = new EngineRegistration(name, builder, configuration);
        services.AddSingleton(registration);
        AddOptions(services, registration);
        if (name.Length == 0)
        {
            services.AddSingleton(registration.Create);
            services.AddSingleton<IHeliosClient>(provider => provider.GetRequiredService<HeliosEngine>());
            services.AddSingleton<IHeliosControl>(provider => provider.GetRequiredService<HeliosEngine>());
            services.AddSingleton(provider => provider.GetRequiredService<HeliosEngine>().Pool);
            services.TryAddSingleton<IChatClient>(provider => new HeliosChatClient(provider.GetRequiredService<HeliosEngine>(), time: provider.GetService<TimeProvider>()));
        }
        else
        {
            services.AddKeyedSingleton(name, (provider, _) => registration.Create(provider));
            services.AddKeyedSingleton<IHeliosClient>(name, (provider, key) => provider.GetRequiredKeyedService<HeliosEngine>(key));
            services.AddKeyedSingleton<IHeliosControl>(name, (provider, key) => provider.GetRequiredKeyedService<HeliosEngine>(key));
            services.AddKeyedSingleton(name, (provider, key) => provider.GetRequiredKeyedService<HeliosEngine>(key).Pool);
            services.TryAddKeyedSingleton<IChatClient>(name, (provider, key) => new HeliosChatClient(provider.GetRequiredKeyedService<HeliosEngine>(key), time: provider.GetService<TimeProvider>()));
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, HeliosHostedService>());
        return services;
    }

    private static void AddOptions(IServiceCollection services, EngineRegistration registration)
    {
        var options = services.AddOptions<HeliosOptions>(registration.Name).ValidateOnStart();
        services.AddSingleton<IConfigureOptions<HeliosOptions>>(provider => new EngineOptionsSetup(registration, provider));
        services.AddSingleton<IValidateOptions<HeliosOptions>>(provider => new EngineOptionsSetup(registration, provider));
        if (registration.Configuration is not null)
            options.Services.AddSingleton<IOptionsChangeTokenSource<HeliosOptions>>(provider => ActivatorUtilities.CreateInstance<CheckedReload>(provider, registration));
    }
}
