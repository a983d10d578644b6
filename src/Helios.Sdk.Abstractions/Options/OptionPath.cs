namespace Helios.Sdk;

/// <summary>The path of an option: a property of <c>HeliosOptions</c> or of a request, or an entry of a list or table option.</summary>
/// <param name="Option">Path of the property as in configuration, with colons: <c>Adaptation:MinAgreement</c>.</param>
/// <param name="Entry">Index or name of the entry; null for the option itself.</param>
/// <param name="Member">Property of the entry; null for the whole entry.</param>
public readonly record struct OptionPath(string Option, string? Entry = null, string? Member = null)
{
    /// <summary>The key in configuration: <c>Serving:Tenants:gold:Weight</c>.</summary>
    public string Key => string.Join(':', new[] { Option, Entry, Member }.OfType<string>());

    /// <summary>The path of an option that is not in a list or a table.</summary>
    /// <param name="option">Its path, with colons.</param>
    public static implicit operator OptionPath(string option) => new(option);

    /// <summary>The path of an option that is not in a list or a table.</summary>
    /// <param name="option">Its path, with colons.</param>
    public static OptionPath FromString(string option) => new(option);

    /// <summary>The path in code: <c>Serving.Tenants[gold].Weight</c>.</summary>
    public override string ToString() =>
        $"{Option.Replace(':', '.')}{(Entry is null ? "" : $"[{Entry}]")}{(Member is null ? "" : $".{Member}")}";
}
