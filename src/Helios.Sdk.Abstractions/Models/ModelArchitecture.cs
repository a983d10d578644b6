namespace Helios.Sdk.Models;

/// <summary>Shape of a decoder-only transformer of the Llama family: RMSNorm, rotary positions, grouped-query attention, SwiGLU.</summary>
public sealed record ModelArchitecture
{
    /// <summary>Architecture family, <c>model_type</c> of <c>config.json</c>, e.g. <c>llama</c>.</summary>
    public required string Family { get; init; }

    /// <summary>Number of transformer layers in the whole model.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream, in elements.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Number of key/value heads; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of one head, in elements; even.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Width of the feed-forward layer, in elements.</summary>
    public required int FeedForwardSize { get; init; }

    /// <summary>Rows of the embedding and of the LM head.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Maximum tokens of a sequence, prompt and answer together.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Epsilon inside every RMSNorm.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Base of the rotary frequencies (<c>rope_theta</c>).</summary>
    public required double RopeTheta { get; init; }

    /// <summary>Scaling of rotary frequencies for long contexts.</summary>
    public RopeScaling RopeScaling { get; init; } = RopeScaling.None;

    /// <summary>Whether the LM head is the embedding matrix.</summary>
    public required bool TiedHead { get; init; }

    /// <summary>Elements of all query heads together: <see cref="Heads"/> x <see cref="HeadDim"/>.</summary>
    public int QuerySize => Heads * HeadDim;

    /// <summary>Elements of all key (or value) heads together: <see cref="KvHeads"/> x <see cref="HeadDim"/>.</summary>
    public int KvSize => KvHeads * HeadDim;
}

/// <summary>Scaling of rotary frequencies, as <c>rope_scaling</c> in <c>config.json</c>.</summary>
/// <param name="Kind">Which rule applies.</param>
/// <param name="Factor">Context stretch; 1 for <see cref="RopeScalingKind.None"/>.</param>
/// <param name="LowFrequencyFactor">Llama 3 only: wavelengths above original context / this are divided by <paramref name="Factor"/>.</param>
/// <param name="HighFrequencyFactor">Llama 3 only: wavelengths below original context / this do not change.</param>
/// <param name="OriginalContextLength">Llama 3 only: the context the model was first trained on, in tokens.</param>
public sealed record RopeScaling(
    RopeScalingKind Kind,
    double Factor = 1,
    double LowFrequencyFactor = 1,
    double HighFrequencyFactor = 4,
    int OriginalContextLength = 8192)
{
    /// <summary>No scaling.</summary>
    public static RopeScaling None { get; } = new(RopeScalingKind.None);

    /// <summary>
    /// Inverse frequencies <c>[headDim / 2]</c> in radians per position, scaled. The Llama 3 rule is the one of Meta's
    /// reference code: low frequencies divided by the factor, high ones kept, a linear blend between.
    /// </summary>
    /// <param name="headDim">Width of one head; even.</param>
    /// <param name="theta">Rotary base.</param>
    public double[] InverseFrequencies(int headDim, double theta)
    {
        var inverse = new double[headDim / 2];
        for (var i = 0; i < inverse.Length; i++)
            inverse[i] = Scale(1 / Math.Pow(theta, 2.0 * i / headDim));
        return inverse;
    }

    private double Scale(double frequency)
    {
        if (Kind == RopeScalingKind.None) return frequency;
        if (Kind == RopeScalingKind.Linear) return frequency / Factor;

        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < OriginalContextLength / HighFrequencyFactor) return frequency;
        if (wavelength > OriginalContextLength / LowFrequencyFactor) return frequency / Factor;
        var blend = (OriginalContextLength / wavelength - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
        return (1 - blend) * frequency / Factor + blend * frequency;
    }
}

/// <summary>Rules for scaling rotary frequencies.</summary>
public enum RopeScalingKind
{
    /// <summary>No scaling.</summary>
    None,

    /// <summary>Every frequency divided by the factor.</summary>
    Linear,

    /// <summary>The wavelength-dependent rule of Llama 3.1.</summary>
    Llama3,
}
