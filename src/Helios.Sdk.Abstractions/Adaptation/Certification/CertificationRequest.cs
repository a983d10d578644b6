namespace Helios.Sdk.Lab;

/// <summary>What is to be certified: that a point's tokens seldom differ from those of the full depth, for traffic like some texts.</summary>
public sealed record CertificationRequest
{
    /// <summary>Name of a model of the pool.</summary>
    public required string Model { get; init; }

    /// <summary>The calibration set, each text a request; drawn like the traffic that will be served, and not chosen after looking at it.</summary>
    public required IReadOnlyList<CalibrationText> Texts { get; init; }

    /// <summary>Largest share of tokens that may differ from those of the full depth, in (0, 1).</summary>
    public double MaxDisagreement { get; init; } = 0.02;

    /// <summary>Probability, in (0, 1), with which what is certified holds.</summary>
    public double Confidence { get; init; } = 0.95;

    /// <summary>
    /// What is tested, from the safest to the boldest: testing ends at the first that does not qualify. Null is every exit below
    /// the full depth, the deepest first, without exits per token.
    /// </summary>
    public IReadOnlyList<CertificationPoint>? Points { get; init; }

    /// <summary>
    /// Tokens of an answer that are counted, from its beginning, at least 1; the certificate holds for so many. One request that
    /// is wrong from end to end must not be missed, so the longer an answer may be, the more requests it takes.
    /// </summary>
    public int MaxTokensPerRequest { get; init; } = 256;
}

/// <summary>A request to certify by: its tokens are taken as they are.</summary>
/// <param name="TokenIds">Ids of the model's tokenizer, prompt and answer.</param>
/// <param name="PromptLength">Tokens of the prompt, at least 1; those behind it are counted.</param>
public sealed record CalibrationText(IReadOnlyList<int> TokenIds, int PromptLength = 1);

/// <summary>A point to certify.</summary>
/// <param name="Depth">Layers served.</param>
/// <param name="ExitPolicy">Exits per token among them. One by calibrated confidence cannot be certified: its calibration goes on learning.</param>
public sealed record CertificationPoint(int Depth, string ExitPolicy = "none")
{
    /// <inheritdoc/>
    public override string ToString() => ExitPolicy == "none" ? $"depth {Depth}" : $"depth {Depth} with {ExitPolicy}";
}
