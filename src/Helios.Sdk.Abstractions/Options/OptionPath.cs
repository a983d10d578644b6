namespace Helios.Sdk;

/// <summary>Which option is meant: a property of <c>HeliosOptions</c> or of a request, or an entry of one that is a list or a table.</summary>
/// <param name="Option">Path of the property as configuration writes it, with colons: <c>Adaptation:MinAgreement</c>.</param>
/// <param name="Entry">Index or name of the entry; null for the option itself.</param>
/// <param name="Member">Property of the entry; null for the whole entry.</param>
public readonly record struct OptionPath(string Option, string? Entry = null, string? Member = null)
{
    /// <summary>As configuration writes it: <c>Serving:Tenants:gold:Weight</c>.</summary>
    public string Key => string.Join(':', new[] { Option, Entry, Member }.OfType<string>());

    /// <summary>The path of an option that is not within a list or a table.</summary>
    /// <param name="option">Its path, with colons.</param>
    public static implicit operator OptionPath(string option) => new(option);

    /// <summary>The path of an option that is not within a list or a table.</summary>
    /// <param name="option">Its path, with colons.</param>
    public static OptionPath FromString(string option) => new(option);

    /// <summary>As code writes it: <c>Serving.Tenants[gold].Weight</c>.</summary>
    public override string ToString() =>
        $"{Option.Replace(':', '.')}{(Entry is null ? "" : $"[{Entry}]")}{(Member is null ? "" : $".{Member}")}";
}
