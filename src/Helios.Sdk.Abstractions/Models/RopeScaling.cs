namespace Helios.Sdk.Models;

/// <summary>
/// Scaling of rotary frequencies for long contexts, as <c>rope_scaling</c> or <c>rope_parameters</c> in <c>config.json</c>. The formulas
/// are those of transformers' <c>modeling_rope_utils</c>.
/// </summary>
public abstract record RopeScaling
{
    /// <summary>No scaling.</summary>
    public static RopeScaling None { get; } = new NoRopeScaling();

    /// <summary>Factor of cosines and sines.</summary>
    public virtual double AttentionFactor => 1;

    /// <summary>Tokens of a sequence from which on frequencies depend on its length; null if they never do.</summary>
    public virtual int? DependsFromLength => null;

    /// <summary>
    /// Whether a sequence that grows beyond <see cref="DependsFromLength"/> is computed again from its first token, as transformers does for
    /// <c>longrope</c>; otherwise it keeps the keys that it has.
    /// </summary>
    public virtual bool RecomputesBeyond => false;

    /// <summary>Whether frequencies depend on the length of the sequence.</summary>
    public bool DependsOnLength => DependsFromLength is not null;

    /// <summary>Inverse frequencies <c>[dimensions / 2]</c>, in radians per position.</summary>
    /// <param name="dimensions">Elements of a head that turn; even.</param>
    /// <param name="theta">Rotary base.</param>
    /// <param name="length">Tokens of the sequence.</param>
    public double[] InverseFrequencies(int dimensions, double theta, int length)
    {
        var inverse = new double[dimensions / 2];
        InverseFrequencies(inverse, theta, length);
        return inverse;
    }

    /// <summary>Writes inverse frequencies, in radians per position.</summary>
    /// <param name="inverse">One for each pair of elements that turns.</param>
    /// <param name="theta">Rotary base.</param>
    /// <param name="length">Tokens of the sequence.</param>
    public void InverseFrequencies(Span<double> inverse, double theta, int length)
    {
        var dimensions = 2 * inverse.Length;
        for (var i = 0; i < inverse.Length; i++) inverse[i] = 1 / Math.Pow(theta, 2.0 * i / dimensions);
        Scale(inverse, dimensions, theta, length);
    }

    /// <summary>Scales frequencies in place.</summary>
    /// <param name="inverse">Unscaled inverse frequencies <c>[dimensions / 2]</c>.</param>
    /// <param name="dimensions">Elements of a head that turn.</param>
    /// <param name="theta">Rotary base.</param>
    /// <param name="length">Tokens of the sequence.</param>
    protected abstract void Scale(Span<double> inverse, int dimensions, double theta, int length);
}

/// <summary>No scaling.</summary>
public sealed record NoRopeScaling : RopeScaling
{
    /// <inheritdoc/>
    protected override void Scale(Span<double> inverse, int dimensions, double theta, int length)
    {
    }
}

/// <summary>Every frequency divided by the factor.</summary>
/// <param name="Factor">Context stretch, at least 1.</param>
public sealed record LinearRopeScaling(double Factor) : RopeScaling
{
    /// <inheritdoc/>
    protected override void Scale(Span<double> inverse, int dimensions, double theta, int length)
    {
        foreach (ref var frequency in inverse) frequency /= Factor;
    }
}

/// <summary>The base grows with the sequence beyond the original context ("dynamic NTK").</summary>
/// <param name="Factor">Context stretch, at least 1.</param>
/// <param name="OriginalContextLength">The context that the model was trained on, in tokens.</param>
public sealed record DynamicRopeScaling(double Factor, int OriginalContextLength) : RopeScaling
{
    /// <inheritdoc/>
    public override int? DependsFromLength => OriginalContextLength;

    /// <inheritdoc/>
    protected override void Scale(Span<double> inverse, int dimensions, double theta, int length)
    {
        if (length <= OriginalContextLength || dimensions == 2) return;
        var stretched = theta * Math.Pow(Factor * length / OriginalContextLength - (Factor - 1), dimensions / (dimensions - 2.0));
        for (var i = 0; i < inverse.Length; i++) inverse[i] = 1 / Math.Pow(stretched, 2.0 * i / dimensions);
    }
}

/// <summary>The rule of Llama 3.1: low frequencies divided by the factor, high ones kept, a linear blend between.</summary>
/// <param name="Factor">Context stretch, at least 1.</param>
/// <param name="LowFrequencyFactor">Wavelengths above original context / this are divided by <paramref name="Factor"/>.</param>
/// <param name="HighFrequencyFactor">Wavelengths below original context / this do not change; more than <paramref name="LowFrequencyFactor"/>.</param>
/// <param name="OriginalContextLength">The context that the model was first trained on, in tokens.</param>
public sealed record Llama3RopeScaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalContextLength) : RopeScaling
{
    /// <inheritdoc/>
    protected override void Scale(Span<double> inverse, int dimensions, double theta, int length)
    {
        foreach (ref var frequency in inverse) frequency = Scale(frequency);
    }

    private double Scale(double frequency)
    {
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < OriginalContextLength / HighFrequencyFactor) return frequency;
        if (wavelength > OriginalContextLength / LowFrequencyFactor) return frequency / Factor;
        var blend = (OriginalContextLength / wavelength - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
        return (1 - blend) * frequency / Factor + blend * frequency;
    }
}

/// <summary>YaRN (Peng et al., 2023): a ramp over the dimensions from kept frequencies to divided ones, and a factor on cosines and sines.</summary>
/// <param name="Factor">Context stretch, at least 1.</param>
/// <param name="OriginalContextLength">The context that the model was trained on, in tokens.</param>
public sealed record YarnRopeScaling(double Factor, int OriginalContextLength) : RopeScaling
{
    /// <summary>Rotations over the original context from which on a frequency is kept.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>Rotations below which it is divided.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>Whether the ends of the ramp are rounded to whole dimensions.</summary>
    public bool Truncates { get; init; } = true;

    /// <summary>Factor of cosines and sines; null for 0.1 ln(<see cref="Factor"/>) + 1.</summary>
    public double? GivenAttentionFactor { get; init; }

    /// <inheritdoc/>
    public override double AttentionFactor => GivenAttentionFactor ?? Magnitude(Factor, 1);

    /// <summary>0.1 m ln(factor) + 1, and 1 for factors up to 1.</summary>
    /// <param name="factor">Context stretch.</param>
    /// <param name="m">Multiplier of the logarithm.</param>
    public static double Magnitude(double factor, double m) => factor <= 1 ? 1 : 0.1 * m * Math.Log(factor) + 1;

    /// <inheritdoc/>
    protected override void Scale(Span<double> inverse, int dimensions, double theta, int length)
    {
        var (low, high) = (DimensionOf(BetaFast, dimensions, theta), DimensionOf(BetaSlow, dimensions, theta));
        if (Truncates) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, dimensions - 1));
        if (low.Equals(high)) high += 0.001; // as the reference: no division by zero
        for (var i = 0; i < inverse.Length; i++)
        {
            var ramp = Math.Clamp((i - low) / (high - low), 0, 1);
            inverse[i] = inverse[i] / Factor * ramp + inverse[i] * (1 - ramp);
        }
    }

    // The dimension that turns so many times over the original context.
    private double DimensionOf(double rotations, int dimensions, double theta) =>
        dimensions * Math.Log(OriginalContextLength / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));
}

/// <summary>LongRoPE (Ding et al., 2024): a divisor for each frequency, of two sets by the length of the sequence.</summary>
public sealed record LongRopeScaling : RopeScaling
{
    /// <summary>Creates a scaling.</summary>
    /// <param name="shortFactors">Divisors <c>[dimensions / 2]</c> of sequences within the original context.</param>
    /// <param name="longFactors">Divisors of longer ones.</param>
    /// <param name="originalContextLength">The context that the model was trained on, in tokens.</param>
    /// <param name="attentionFactor">Factor of cosines and sines, for both.</param>
    public LongRopeScaling(IEnumerable<double> shortFactors, IEnumerable<double> longFactors, int originalContextLength, double attentionFactor)
    {
        (ShortFactors, LongFactors) = ([.. shortFactors], [.. longFactors]);
        (OriginalContextLength, AttentionFactor) = (originalContextLength, attentionFactor);
        DependsFromLength = ShortFactors.SequenceEqual(LongFactors) ? null : originalContextLength;
    }

    /// <summary>Divisors of sequences within the original context.</summary>
    public IReadOnlyList<double> ShortFactors { get; }

    /// <summary>Divisors of longer ones.</summary>
    public IReadOnlyList<double> LongFactors { get; }

    /// <summary>The context that the model was trained on, in tokens.</summary>
    public int OriginalContextLength { get; }

    /// <inheritdoc/>
    public override double AttentionFactor { get; }

    /// <inheritdoc/>
    public override int? DependsFromLength { get; }

    /// <inheritdoc/>
    public override bool RecomputesBeyond => true;

    /// <inheritdoc/>
    public bool Equals(LongRopeScaling? other) =>
        other is not null && OriginalContextLength == other.OriginalContextLength && AttentionFactor.Equals(other.AttentionFactor)
        && ShortFactors.SequenceEqual(other.ShortFactors) && LongFactors.SequenceEqual(other.LongFactors);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(OriginalContextLength, AttentionFactor, ShortFactors.Count);

    /// <inheritdoc/>
    protected override void Scale(Span<double> inverse, int dimensions, double theta, int length)
    {
        var factors = length > OriginalContextLength ? LongFactors : ShortFactors;
        for (var i = 0; i < inverse.Length; i++) inverse[i] /= factors[i];
    }
}
