using Helios.Sdk.Backends;
using Helios.Sdk.Diagnostics;
using Helios.Sdk.Naming;

namespace Helios.Sdk.Hosting.Strategies;

/// <summary>Finds the backend that <see cref="HeliosOptions.Backend"/> names, among those that were added.</summary>
internal static class BackendFinder
{
    private const string Option = nameof(HeliosOptions.Backend);
    private const string Settings = nameof(HeliosOptions.BackendSettings);

    /// <param name="options">What is asked for.</param>
    /// <param name="added">What there is, latest first.</param>
    /// <exception cref="InvalidOptionException">There is none of that name, or none at all.</exception>
    public static IBackendFactory Find(HeliosOptions options, IReadOnlyList<Func<IBackendFactory>> added)
    {
        var known = added.Select(create => create()).ToList();
        if (options.Backend is not { } name)
            return known.FirstOrDefault() ?? throw new InvalidOptionException(new OptionFault(Option, "not chosen", "a backend; add one, for example with UseCpu()"));
        Names.RefuseTwins(Option, known.Select(backend => backend.Name));
        if (known.Find(backend => Names.Same(backend.Name, name)) is { } found) return found;

        var names = known.Select(backend => backend.Name.Length == 0 ? "one without a name" : backend.Name).Distinct(StringComparer.Ordinal).ToList();
        throw new InvalidOptionException(new OptionFault(Option, $"'{name}'", names.Count == 0 ? "a backend that was added, and none was" : $"one that was added: {string.Join(", ", names)}")
        {
            Note = KnownBackends.Hint(name) ?? NearMiss.Question(name, names),
        });
    }

    /// <exception cref="InvalidOptionException">There is no such backend, or a setting of it is wrong; all faults are listed.</exception>
    public static void CheckSettings(HeliosOptions options, IReadOnlyList<Func<IBackendFactory>> added)
    {
        var faults = Find(options, added).Check(options.BackendSettings.AsReadOnly());
        if (faults.Count > 0) throw OfSettings(faults);
    }

    /// <exception cref="InvalidOptionException">A setting of it is unknown or wrong.</exception>
    public static IBackend Create(HeliosOptions options, IReadOnlyList<Func<IBackendFactory>> added)
    {
        var factory = Find(options, added);
        try
        {
            return factory.Create(options.BackendSettings.AsReadOnly());
        }
        catch (InvalidOptionException error)
        {
            throw OfSettings(error.Faults);
        }
        catch (ArgumentException error) when (options.BackendSettings.Count > 0)
        {
            throw new InvalidOptionException(new OptionFault(Settings, $"refused by the backend '{factory.Name}'", "settings that it takes") { Note = error.Message });
        }
    }

    private static InvalidOptionException OfSettings(IEnumerable<OptionFault> faults) =>
        new([.. faults.Select(fault => fault with { Path = $"{Settings}:{fault.Path.Key}" })]);
}
