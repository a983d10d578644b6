namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>How many texts evidence rests on.</summary>
internal static class EvidenceWindow
{
    /// <summary>
    /// Texts that a candidate is judged by: those of four looks. With one look's texts, a point well within a floor would seem
    /// beyond it every few hundred looks, and the serving point is looked at with every text.
    /// </summary>
    public static int Texts(AdaptationOptions options) => 4 * TextsPerLook(options);

    /// <summary>Texts that all candidates score at a look: those of one evaluation, or of one interval between reassessments if that gives more.</summary>
    public static int TextsPerLook(AdaptationOptions options) => Math.Max(
        options.Candidates * options.RequestsPerCandidate,
        (int)Math.Ceiling(options.ReassessEveryRequests * options.ShadowScoringRate));
}
