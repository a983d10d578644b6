using Helios.Sdk.Diagnostics;
using Helios.Sdk.Naming;

namespace Helios.Sdk.Hosting.Strategies;

/// <summary>Finds the backend that <see cref="HeliosOptions.Backend"/> names, among those that were added.</summary>
internal static class Backends
{
    /// <param name="options">What is asked for.</param>
    /// <param name="added">What there is, latest first.</param>
    /// <exception cref="ArgumentException">There is none of that name, or none at all.</exception>
    public static IBackendFactory Find(HeliosOptions options, IReadOnlyList<Func<IBackendFactory>> added)
    {
        var known = added.Select(create => create()).ToList();
        if (options.Backend is not { } name)
            return known.FirstOrDefault() ?? throw WrongOption.Error("No backend was chosen; call UseCpu().");
        Names.RefuseTwins("backends", known.Select(backend => backend.Name));
        if (known.Find(backend => Names.Same(backend.Name, name)) is { } found) return found;

        var names = known.Select(backend => backend.Name.Length == 0 ? "one without a name" : backend.Name).Distinct(StringComparer.Ordinal).ToList();
        throw WrongOption.Error($"There is no backend '{name}'. Added {(names.Count == 0 ? "is none" : "are: " + string.Join(", ", names))}.{(KnownBackends.Hint(name) is { Length: > 0 } hint ? hint : NearMiss.Ask(name, names))}");
    }

    /// <summary>What is wrong with the settings of the backend that serves.</summary>
    /// <exception cref="ArgumentException">There is no such backend.</exception>
    public static IEnumerable<string> FindWrongSettings(HeliosOptions options, IReadOnlyList<Func<IBackendFactory>> added) =>
        Find(options, added).Check(options.BackendSettings.AsReadOnly()).Select(message => $"BackendSettings.{message}");

    /// <exception cref="ArgumentException">A setting of it is unknown or wrong.</exception>
    public static IBackend Create(HeliosOptions options, IReadOnlyList<Func<IBackendFactory>> added)
    {
        var factory = Find(options, added);
        try
        {
            return factory.Create(options.BackendSettings.AsReadOnly());
        }
        catch (ArgumentException error) when (options.BackendSettings.Count > 0)
        {
            var message = WrongOption.Words(error);
            var namesKey = options.BackendSettings.Keys.Any(key => message.StartsWith($"{key} ", StringComparison.Ordinal));
            throw WrongOption.Error($"BackendSettings{(namesKey ? "." : ": ")}{message}");
        }
    }
}
