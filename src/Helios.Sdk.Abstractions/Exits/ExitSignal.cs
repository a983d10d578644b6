namespace Helios.Sdk.ExitPolicies;

/// <summary>Signals that an exit check can compute.</summary>
[Flags]
public enum ExitSignals
{
    /// <summary>The top token alone.</summary>
    None = 0,

    /// <summary>Probability of the top token.</summary>
    Top1 = 1,

    /// <summary>Probability of the top token less that of the second.</summary>
    Margin = 2,

    /// <summary>Entropy of the distribution.</summary>
    Entropy = 4,

    /// <summary>Calibrated probability that the token equals the full-depth token. The engine adds it from the signal its calibration uses.</summary>
    Confidence = 8,
}

/// <summary>The signal a calibration maps from.</summary>
public enum ExitSignalKind
{
    /// <summary>Probability of the top token.</summary>
    Top1,

    /// <summary>Probability of the top token less that of the second.</summary>
    Margin,

    /// <summary>Negated entropy, so that more is surer.</summary>
    NegativeEntropy,
}

/// <summary>What an exit says about one row. Values not asked for are 0.</summary>
public record struct ExitSignal
{
    /// <summary>Likeliest token; the lowest id on ties.</summary>
    public int TopId { get; set; }

    /// <summary>Probability of the likeliest token; NaN where the logits are no distribution: one is NaN or positive infinity, or none is finite.</summary>
    public float Top1 { get; set; }

    /// <summary>Probability of the likeliest token less that of the second.</summary>
    public float Margin { get; set; }

    /// <summary>Entropy in nats.</summary>
    public float Entropy { get; set; }

    /// <summary>Natural log of the target's probability; 0 without a target.</summary>
    public float TargetLogProbability { get; set; }

    /// <summary>Calibrated P(this token equals the full-depth token). Set by the engine, never by a backend.</summary>
    public float Confidence { get; set; }

    /// <summary>How many exit checks in a row, this one included, had this <see cref="TopId"/>. Set by the engine, never by a backend.</summary>
    public int AgreeingChecks { get; set; }
}
