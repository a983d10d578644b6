namespace Helios.Sdk;

/// <summary>What is wrong with an option: a value, so that code that shows it can name the option in the words of its reader.</summary>
/// <param name="Path">The option.</param>
/// <param name="Found">What was found, e.g. <c>1.2</c>.</param>
/// <param name="Expected">What is expected, e.g. <c>0 to 1</c>.</param>
public sealed record OptionFault(OptionPath Path, string Found, string Expected)
{
    /// <summary>The option that this one does not go with; null when it is wrong by itself.</summary>
    public OptionValue? Beside { get; init; }

    /// <summary>Sentences that help: why, or what may have been meant; null when there are none.</summary>
    public string? Note { get; init; }

    /// <summary>The fault as a sentence that names options as code does: <c>Adaptation.MinAgreement is 1.2; expected 0 to 1.</c></summary>
    public override string ToString() => Describe(path => path.ToString());

    /// <summary>The fault as a sentence.</summary>
    /// <param name="name">What an option is called.</param>
    public string Describe(Func<OptionPath, string> name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var beside = Beside is { } other ? $" while {name(other.Path)} is {other.Value}" : "";
        return $"{name(Path)} is {Found}{beside}; expected {Expected}.{(Note is null ? "" : $" {Note}")}";
    }
}

/// <summary>What an option is.</summary>
/// <param name="Path">The option.</param>
/// <param name="Value">Its value, as a person reads it.</param>
public sealed record OptionValue(OptionPath Path, string Value);
