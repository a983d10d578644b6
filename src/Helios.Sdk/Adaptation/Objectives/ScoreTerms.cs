namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>Terms of scores.</summary>
internal static class ScoreTerms
{
    /// <summary>A term whose value is known; nothing when it is not.</summary>
    public static IEnumerable<ScoreTerm> Known(string name, double? value, string unit) =>
        value is { } known && double.IsFinite(known) ? [new(name, known, unit)] : [];
}
