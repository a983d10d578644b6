using System.Globalization;

namespace Helios.Sdk.Hosting.Configuration;

/// <summary>An option as configuration writes it: its key is the path of its property in <see cref="HeliosOptions"/>.</summary>
internal abstract class OptionKey(string path)
{
    /// <summary>The key within the engine's section, e.g. <c>Serving:MaxBatchSize</c>.</summary>
    public string Path => path;

    /// <summary>What values are written like.</summary>
    public abstract string Expected { get; }

    /// <summary>The names that values have; empty when there is no list of them.</summary>
    public abstract IReadOnlyList<string> Names { get; }

    /// <summary>Whether a new value takes effect while the engine runs.</summary>
    public bool ChangesWhileServing { get; init; }

    /// <summary>Reads a value into the options; false when it is none.</summary>
    public abstract bool TrySet(HeliosOptions options, string? text);

    /// <summary>The value, as a person reads it.</summary>
    public abstract string Show(HeliosOptions options);

    /// <summary>Whether two sets of options agree in this one.</summary>
    public bool IsSame(HeliosOptions one, HeliosOptions other) => Show(one) == Show(other);
}

/// <summary>An option of one kind.</summary>
internal sealed class OptionKey<T>(string path, ValueFormat<T> format, Func<HeliosOptions, T> get, Action<HeliosOptions, T> set) : OptionKey(path)
{
    public override string Expected => format.Expected;

    public override IReadOnlyList<string> Names => format.Names;

    public override bool TrySet(HeliosOptions options, string? text)
    {
        if (!format.TryRead(text, out var value)) return false;
        set(options, value);
        return true;
    }

    public override string Show(HeliosOptions options) => get(options) switch
    {
        null => "null",
        true => "true",
        false => "false",
        TimeSpan time => time.ToString("g", CultureInfo.InvariantCulture),
        var value => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
