namespace Helios.Sdk.Backends;

/// <summary>Makes a backend that can be chosen by name, as by <c>"Backend": "cpu"</c> in <c>appsettings.json</c>. Thread-safe.</summary>
public interface IBackendFactory
{
    /// <summary>The name, e.g. <c>cpu</c>.</summary>
    string Name { get; }

    /// <summary>
    /// What is wrong with settings; the path of each fault is the name of its setting. Asked when options are checked, so that all that
    /// is wrong with them is reported at once. Makes no backend; a factory that says nothing here refuses in <see cref="Create"/>.
    /// </summary>
    /// <param name="settings">What <see cref="HeliosOptions.BackendSettings"/> say.</param>
    IReadOnlyList<OptionFault> Check(IReadOnlyDictionary<string, string> settings) => [];

    /// <summary>Makes a backend; the engine disposes it.</summary>
    /// <param name="settings">What <see cref="HeliosOptions.BackendSettings"/> say; empty leaves all as it is.</param>
    /// <exception cref="InvalidOptionException">A setting is unknown or wrong, as <see cref="Check"/> says.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine lacks what the backend needs; the message says what.</exception>
    IBackend Create(IReadOnlyDictionary<string, string> settings);
}
