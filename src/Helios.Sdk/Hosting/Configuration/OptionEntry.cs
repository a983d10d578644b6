using System.Globalization;

namespace Helios.Sdk.Hosting.Configuration;

/// <summary>An option: what there is to know about it. Its path is that of its property.</summary>
/// <param name="path">Path of the property with colons, e.g. <c>Serving:MaxBatchSize</c>: the key in configuration.</param>
/// <param name="doc">What it means, in sentences that its property's comment has too.</param>
internal abstract class OptionEntry<TOptions>(string path, string doc)
{
    public string Path => path;

    public string Doc => doc;

    /// <summary>What null does, as in "null asks for none"; null where it is no value.</summary>
    public string? None { get; init; }

    /// <summary>Whether a new value takes effect while the engine runs.</summary>
    public bool Reloads { get; init; }

    /// <summary>How a value other than null is written.</summary>
    public abstract string Written { get; }

    /// <summary>How configuration writes it, null included.</summary>
    public virtual string WrittenOrNull => Written;

    /// <summary>Which values are in range, null aside; empty when all are, or code checks it.</summary>
    public virtual string Range => "";

    /// <summary>The names that values have; empty when there is no list of them.</summary>
    public virtual IReadOnlyList<string> Names => [];

    /// <summary>Reads a value into the options; false when it is none.</summary>
    public abstract bool TrySet(TOptions options, string? text);

    /// <summary>The value, as a person reads it.</summary>
    public abstract string Show(TOptions options);

    /// <summary>What is wrong with the value; null when it is in range.</summary>
    public virtual OptionFault? Check(TOptions options) => null;

    /// <summary>Whether two sets of options agree in this one.</summary>
    public bool IsSame(TOptions one, TOptions other) => Show(one) == Show(other);
}

/// <summary>An option that is a single value.</summary>
internal sealed class ValueEntry<TOptions, T>(string path, ValueFormat<T> format, Func<TOptions, T> get, Action<TOptions, T> set, string doc) : OptionEntry<TOptions>(path, doc)
{
    public override string Written => format.Written;

    public override string WrittenOrNull => format.Written + format.OrNull;

    public override string Range => format.Range;

    public override IReadOnlyList<string> Names => format.Names;

    public override bool TrySet(TOptions options, string? text)
    {
        if (!format.TryRead(text, out var value)) return false;
        set(options, value);
        return true;
    }

    public override string Show(TOptions options) => get(options) switch
    {
        null => "null",
        true => "true",
        false => "false",
        TimeSpan time => time.ToString("g", CultureInfo.InvariantCulture),
        var value => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    public override OptionFault? Check(TOptions options) => get(options) is var value && format.Accepts(value)
        ? null
        : new OptionFault(Path, value is null ? "null" : Convert.ToString(value, CultureInfo.InvariantCulture)!, format.Expected) { Note = format.Note };
}

/// <summary>An option that is a list or a table; the binder reads its entries.</summary>
internal sealed class ListEntry<TOptions>(string path, string written, Func<TOptions, IEnumerable<string>> entries, string doc) : OptionEntry<TOptions>(path, doc)
{
    public override string Written => written;

    public override bool TrySet(TOptions options, string? text) => false;

    /// <summary>What it holds, so that two can be compared; no more than that is promised.</summary>
    public override string Show(TOptions options) => string.Join('\n', entries(options));
}
