using System.Diagnostics.Metrics;
using System.Globalization;
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
    /// <summary>What could not be read from its section, by the options made of it: reported with all else that is wrong with them.</summary>
    public ConditionalWeakTable<HeliosOptions, IReadOnlyList<OptionFault>> Faults { get; } = [];

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
        catch (InvalidOptionException error)
        {
            // An option that could be checked only beside the models and the device.
            throw new OptionsValidationException(Name, typeof(HeliosOptions), error.Faults.Select(Describe));
        }
        catch (CheckpointException error) when (OptionSource.Of(error) is { } option)
        {
            throw new OptionsValidationException(Name, typeof(HeliosOptions), [$"{NameOf(option)}: {error.Message}"]);
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

    /// <summary>A fault with the keys of the section; where there is none, and several engines may be, with the name of this one.</summary>
    public string Describe(OptionFault fault) => Section is null && Name.Length > 0 ? $"Engine '{Name}': {fault}" : fault.Describe(NameOf);

    /// <summary>What an option is called: its key where there is a section, and its property where all is said in code.</summary>
    public string NameOf(OptionPath option)
    {
        if (Section is not { } section) return option.ToString();

        // A list may stand in the section by names, and its entries come before those that code adds.
        if (option.Option is OptionTable.Models or OptionTable.Certificates && int.TryParse(option.Entry, CultureInfo.InvariantCulture, out var index))
            option = option with { Entry = Configuration!.GetSection(option.Option).GetChildren().ElementAtOrDefault(index)?.Key ?? option.Entry };
        return section.Length == 0 ? option.Key : $"{section}:{option.Key}";
    }
}
