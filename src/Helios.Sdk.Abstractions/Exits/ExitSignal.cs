namespace Helios.Sdk.ExitPolicies;

/// <summary>Signals that an exit check can compute.</summary>
[Flags]
public enum ExitSignals
{
    /// <summary>Only the top token.</summary>
    None = 0,

    /// <summary>Probability of the top token.</summary>
    Top1 = 1,

    /// <summary>Probability of the top token minus that of the second.</summary>
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

    /// <summary>Probability of the top token minus that of the second.</summary>
    Margin,

    /// <summary>Negated entropy, so that higher is more confident.</summary>
    NegativeEntropy,
}

/// <summary>The signals of an exit for one row. Values that were not requested are 0.</summary>
public record struct ExitSignal
{
    /// <summary>Most likely token; the lowest id on ties.</summary>
    public int TopId { get; set; }

    /// <summary>Probability of the most likely token; NaN if the logits are not a distribution: one is NaN or positive infinity, or none is finite.</summary>
    public float Top1 { get; set; }

    /// <summary>Probability of the most likely token minus that of the second.</summary>
    public float Margin { get; set; }

    /// <summary>Entropy in nats.</summary>
    public float Entropy { get; set; }

    /// <summary>Natural log of the target's probability; 0 without a target.</summary>
    public float TargetLogProbability { get; set; }

    /// <summary>Calibrated P(this token equals the full-depth token). Set by the engine, never by a backend.</summary>
    public float Confidence { get; set; }

    /// <summary>Number of consecutive exit checks, this one included, with this <see cref="TopId"/>. Set by the engine, never by a backend.</summary>
    public int AgreeingChecks { get; set; }
}
