using Helios.Sdk.Hosting.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Helios.Sdk.Hosting.DependencyInjection;

/// <summary>Fills the options of an engine, from its section and then from code, and checks them.</summary>
internal sealed class EngineOptionsSetup(EngineRegistration registration, IServiceProvider provider) : IConfigureNamedOptions<HeliosOptions>, IValidateOptions<HeliosOptions>
{
    public void Configure(HeliosOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, HeliosOptions options)
    {
        if (name != registration.Name) return;
        if (registration.Configuration is { } section)
            registration.Faults.AddOrUpdate(options, new OptionsBinder(Folder(provider)).Bind(section, options));
        registration.Builder.Apply(options);
    }

    public ValidateOptionsResult Validate(string? name, HeliosOptions options)
    {
        if (name != registration.Name) return ValidateOptionsResult.Skip;
        var time = provider.GetService<TimeProvider>() ?? TimeProvider.System;
        var faults = registration.Faults.TryGetValue(options, out var found) ? found : [];
        var checks = OptionsCheck.Find(options, registration.StrategiesIn(provider), time);

        // What stands in for a value that could not be read is no fault.
        List<OptionFault> wrong = [.. faults, .. checks.Where(check => !faults.Any(fault => IsOf(fault, check.Path) || (check.Beside is { } beside && IsOf(fault, beside.Path))))];
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong.Select(registration.Describe));
    }

    private static bool IsOf(OptionFault fault, OptionPath path) =>
        fault.Path.Option == path.Option && Agree(fault.Path.Entry, path.Entry) && Agree(fault.Path.Member, path.Member);

    private static bool Agree(string? one, string? other) => one is null || other is null || one == other;

    /// <summary>Where relative paths of the configuration start: where its files are, as ASP.NET Core has it.</summary>
    public static string Folder(IServiceProvider provider) =>
        provider.GetService<IHostEnvironment>()?.ContentRootPath is { Length: > 0 } root ? root : Directory.GetCurrentDirectory();
}
