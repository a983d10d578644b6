using Helios.Sdk.Hosting.Configuration;

namespace Helios.Sdk;

/// <summary>
/// An option of an engine: its key, meaning and format. For programs that take options as text, such as a command line
/// or a settings page; descriptions and errors are those of configuration. Immutable.
/// </summary>
public sealed class HeliosOption
{
    private readonly OptionEntry<HeliosOptions> entry;

    private HeliosOption(OptionEntry<HeliosOptions> entry) => this.entry = entry;

    /// <summary>Every option, in the order of <see cref="HeliosOptions"/>.</summary>
    public static IReadOnlyList<HeliosOption> All { get; } = [.. OptionTable.All.Select(entry => new HeliosOption(entry))];

    /// <summary>Its key in configuration, with colons: <c>Adaptation:MinAgreement</c>.</summary>
    public string Key => entry.Path;

    /// <summary>Its meaning.</summary>
    public string Description => entry.Doc;

    /// <summary>The format of its value, with null if that is allowed, e.g. <c>a number, 0 to 1, or none</c>.</summary>
    public string Format => entry.WrittenOrNull;

    /// <summary>The range of its values, without null, e.g. <c>0 to 1</c>; empty if all values are allowed, or the engine checks them at start.</summary>
    public string Range => entry.Range;

    /// <summary>Whether a new value takes effect while the engine runs.</summary>
    public bool Reloads => entry.Reloads;

    /// <summary>Finds an option.</summary>
    /// <param name="key">Its <see cref="Key"/>, case-insensitive.</param>
    /// <exception cref="ArgumentException">There is no such option.</exception>
    public static HeliosOption Find(string key) =>
        All.FirstOrDefault(option => string.Equals(option.Key, key, StringComparison.OrdinalIgnoreCase)) ?? throw new ArgumentException($"There is no option '{key}'.", nameof(key));

    /// <summary>Parses a value in the format of configuration, and sets it. A list or table option cannot be set this way.</summary>
    /// <param name="options">The options to change; they do not change if the value is refused.</param>
    /// <param name="text">The value.</param>
    /// <returns>The fault of the value; null if it was set.</returns>
    public OptionFault? Set(HeliosOptions options, string text)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(text);
        var trial = new HeliosOptions();
        if (!entry.TrySet(trial, text)) return new OptionFault(Key, $"'{text}'", entry.Written);
        if (entry.Check(trial) is { } fault) return fault with { Expected = Range, Note = null };
        entry.TrySet(options, text);
        return null;
    }
}
