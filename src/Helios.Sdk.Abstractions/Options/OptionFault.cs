namespace Helios.Sdk;

/// <summary>An error in an option. It is a value, so code that displays it can use its own names for options.</summary>
/// <param name="Path">The option.</param>
/// <param name="Found">The found value, e.g. <c>1.2</c>.</param>
/// <param name="Expected">The expected value, e.g. <c>0 to 1</c>.</param>
public sealed record OptionFault(OptionPath Path, string Found, string Expected)
{
    /// <summary>The other option that conflicts with this one; null if it is wrong by itself.</summary>
    public OptionValue? Beside { get; init; }

    /// <summary>An explanation or a suggestion; null if there is none.</summary>
    public string? Note { get; init; }

    /// <summary>The fault as a sentence with the names of options in code: <c>Adaptation.MinAgreement is 1.2; expected 0 to 1.</c></summary>
    public override string ToString() => Describe(path => path.ToString());

    /// <summary>The fault as a sentence.</summary>
    /// <param name="name">Returns the name of an option.</param>
    public string Describe(Func<OptionPath, string> name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var beside = Beside is { } other ? $" while {name(other.Path)} is {other.Value}" : "";
        return $"{name(Path)} is {Found}{beside}; expected {Expected}.{(Note is null ? "" : $" {Note}")}";
    }
}

/// <summary>The value of an option.</summary>
/// <param name="Path">The option.</param>
/// <param name="Value">Its value as readable text.</param>
public sealed record OptionValue(OptionPath Path, string Value);
