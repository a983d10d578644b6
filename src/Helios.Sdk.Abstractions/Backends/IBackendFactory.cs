namespace Helios.Sdk.Backends;

/// <summary>Creates a backend that is chosen by name, for example by <c>"Backend": "cpu"</c> in <c>appsettings.json</c>. Thread-safe.</summary>
public interface IBackendFactory
{
    /// <summary>The name, e.g. <c>cpu</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Faults of settings; the path of each fault is the name of its setting. Called when options are checked, so that all faults are
    /// reported at once. Creates no backend. A factory that returns no faults here may still refuse in <see cref="Create"/>.
    /// </summary>
    /// <param name="settings">The <see cref="HeliosOptions.BackendSettings"/>.</param>
    IReadOnlyList<OptionFault> Check(IReadOnlyDictionary<string, string> settings) => [];

    /// <summary>Creates a backend; the engine disposes it.</summary>
    /// <param name="settings">The <see cref="HeliosOptions.BackendSettings"/>; empty means defaults.</param>
    /// <exception cref="InvalidOptionException">A setting is unknown or wrong, as in <see cref="Check"/>.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine lacks a requirement of the backend; the message says which.</exception>
    IBackend Create(IReadOnlyDictionary<string, string> settings);
}
