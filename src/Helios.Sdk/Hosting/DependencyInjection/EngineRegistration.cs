using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Helios.Sdk.Hosting.Configuration;
using Helios.Sdk.Hosting.Strategies;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Helios.Sdk.Hosting.DependencyInjection;

/// <summary>An engine that was added to a container, and how it is made.</summary>
/// <param name="Name">Its name; empty for the one without.</param>
/// <param name="Builder">What was said in code.</param>
/// <param name="Configuration">Its section; null when it has none.</param>
internal sealed record EngineRegistration(string Name, HeliosBuilder Builder, IConfiguration? Configuration)
{
    /// <summary>What could not be read from its section, by the options made of it: told with all else that is wrong with them.</summary>
    public ConditionalWeakTable<HeliosOptions, IReadOnlyList<BindingFault>> Faults { get; } = [];

    /// <summary>Path of its section; null when it has none.</summary>
    public string? Section => Configuration is null ? null : (Configuration as IConfigurationSection)?.Path ?? "";

    /// <summary>The engine of this registration.</summary>
    public HeliosEngine Of(IServiceProvider provider) => Name.Length == 0
        ? provider.GetRequiredService<HeliosEngine>()
        : provider.GetRequiredKeyedService<HeliosEngine>(Name);

    /// <summary>Makes the engine.</summary>
    /// <exception cref="OptionsValidationException">An option is wrong; the message names its key.</exception>
    public HeliosEngine Create(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptionsMonitor<HeliosOptions>>().Get(Name);
        var builder = new HeliosBuilder { Name = Name };
        if (provider.GetService<ILoggerFactory>() is { } logging) builder.UseLogging(logging);
        if (provider.GetService<IMeterFactory>() is { } meters) builder.UseMeters(meters);
        if (provider.GetService<TimeProvider>() is { } time) builder.UseTime(time);
        builder.Strategies.Add(StrategiesIn(provider));
        try
        {
            return EngineComposition.Start(options, builder.Context);
        }
        catch (ArgumentException error) when (error.ParamName is null)
        {
            // An option that could be checked only beside the models and the device.
            throw new OptionsValidationException(Name, typeof(HeliosOptions), [InWordsOfConfiguration(error.Message)]);
        }
        catch (CheckpointException error) when (OptionSource.Of(error) is { } source)
        {
            throw new OptionsValidationException(Name, typeof(HeliosOptions), [$"{Named(source)}: {error.Message}"]);
        }
    }

    /// <summary>What the engine is made of that others bring along: what was said in code before what is registered with its name, before what is registered for all.</summary>
    public EngineStrategies StrategiesIn(IServiceProvider provider)
    {
        var all = new ContainerStrategies(provider, key: null).Find();
        if (Name.Length > 0) all.Add(new ContainerStrategies(provider, Name).Find());
        all.Add(Builder.Strategies);
        return all;
    }

    /// <summary>A message about options by the keys of the section; where there is none, and several engines may be, with the name of this one.</summary>
    public string InWordsOfConfiguration(string message) =>
        Section is { } section ? KeyNames.Translate(message, section) : Name.Length > 0 ? $"Engine '{Name}': {message}" : message;

    /// <summary>The key of an option; of an entry of a list that was added in code, its place. Those of the section come before.</summary>
    private string Named(OptionSource source)
    {
        if (source.Index is not { } index) return KeyNames.Full(source.Key, Section ?? "");
        var written = Configuration?.GetSection(source.Key).GetChildren().ElementAtOrDefault(index);
        return written?.Path ?? Invariant($"{source.Key}:{index}");
    }
}
