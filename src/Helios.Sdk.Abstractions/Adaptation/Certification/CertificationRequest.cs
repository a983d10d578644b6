namespace Helios.Sdk.Lab;

/// <summary>A request to certify points: that their tokens rarely differ from those of the full depth, for traffic like some texts.</summary>
public sealed record CertificationRequest
{
    /// <summary>Name of a model of the pool.</summary>
    public required string Model { get; init; }

    /// <summary>The calibration set, each text a request; a random sample of the expected traffic, not selected by its content.</summary>
    public required IReadOnlyList<CalibrationText> Texts { get; init; }

    /// <summary>Maximum share of tokens that may differ from those of the full depth, in (0, 1).</summary>
    public double MaxDisagreement { get; init; } = 0.02;

    /// <summary>Probability of the guarantee, in (0, 1).</summary>
    public double Confidence { get; init; } = 0.95;

    /// <summary>
    /// The points to test, from the safest to the least safe: testing ends at the first point that does not qualify. Null tests every exit
    /// below the full depth, the deepest first, without per-token exits.
    /// </summary>
    public IReadOnlyList<CertificationPoint>? Points { get; init; }

    /// <summary>
    /// Tokens of an answer that are counted and certified, from its beginning, at least 1. A single request may be wrong at every token,
    /// so longer answers need more requests.
    /// </summary>
    public int MaxTokensPerRequest { get; init; } = 256;
}

/// <summary>A request of the calibration set, without added tokens.</summary>
/// <param name="TokenIds">Ids of the model's tokenizer, prompt and answer.</param>
/// <param name="PromptLength">Tokens of the prompt, at least 1; the tokens after it are counted.</param>
public sealed record CalibrationText(IReadOnlyList<int> TokenIds, int PromptLength = 1);

/// <summary>A point to certify.</summary>
/// <param name="Depth">Layers served.</param>
/// <param name="ExitPolicy">Per-token exit policy. A policy by calibrated confidence cannot be certified, because its calibration keeps learning.</param>
public sealed record CertificationPoint(int Depth, string ExitPolicy = "none")
{
    /// <inheritdoc/>
    public override string ToString() => ExitPolicy == "none" ? $"depth {Depth}" : $"depth {Depth} with {ExitPolicy}";
}
