namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>How many texts evidence rests on.</summary>
internal static class EvidenceWindow
{
    /// <summary>
    /// Texts that a candidate is judged by: those of four reassessments. With one reassessment's texts, a point well within a floor would seem
    /// beyond it every few hundred reassessments, and the active point is judged with every text.
    /// </summary>
    public static int Texts(AdaptationOptions options) => 4 * TextsPerReassessment(options);

    /// <summary>Texts that all candidates score at one reassessment: those of one evaluation, or of one interval between reassessments if that gives more.</summary>
    public static int TextsPerReassessment(AdaptationOptions options) => Math.Max(
        options.Candidates * options.RequestsPerCandidate,
        (int)Math.Ceiling(options.ReassessEveryRequests * options.ShadowScoringRate));
}
