using Helios.Sdk.Hosting.Configuration;

namespace Helios.Sdk;

/// <summary>
/// An option of an engine: its key, what it means, how it is written. For programs that take options as text, such as a command line
/// or a settings page: they are described and refused as configuration has it. Immutable.
/// </summary>
public sealed class HeliosOption
{
    private readonly OptionEntry<HeliosOptions> entry;

    private HeliosOption(OptionEntry<HeliosOptions> entry) => this.entry = entry;

    /// <summary>Every option, in the order of <see cref="HeliosOptions"/>.</summary>
    public static IReadOnlyList<HeliosOption> All { get; } = [.. OptionTable.All.Select(entry => new HeliosOption(entry))];

    /// <summary>Path of its property as configuration writes it, with colons: <c>Adaptation:MinAgreement</c>.</summary>
    public string Key => entry.Path;

    /// <summary>What it means, in plain sentences.</summary>
    public string Description => entry.Doc;

    /// <summary>How its value is written, null included where that is a value, e.g. <c>a number, 0 to 1, or none</c>.</summary>
    public string Format => entry.WrittenOrNull;

    /// <summary>Which values are in range, null aside, e.g. <c>0 to 1</c>; empty where all are, or the engine checks it at its start.</summary>
    public string Range => entry.Range;

    /// <summary>Whether a new value takes effect while the engine runs.</summary>
    public bool Reloads => entry.Reloads;

    /// <summary>Finds an option.</summary>
    /// <param name="key">Its <see cref="Key"/>, whose case does not matter.</param>
    /// <exception cref="ArgumentException">There is no such option.</exception>
    public static HeliosOption Find(string key) =>
        All.FirstOrDefault(option => string.Equals(option.Key, key, StringComparison.OrdinalIgnoreCase)) ?? throw new ArgumentException($"There is no option '{key}'.", nameof(key));

    /// <summary>Reads a value as configuration writes it, and sets it. An option that is a list or a table is not set this way.</summary>
    /// <param name="options">The options to change; they stay as they are where the value is refused.</param>
    /// <param name="text">The value.</param>
    /// <returns>What is wrong with the value; null when it was set.</returns>
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
