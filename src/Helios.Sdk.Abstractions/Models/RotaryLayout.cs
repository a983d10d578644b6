namespace Helios.Sdk.Models;

/// <summary>
/// Rotary positions (Su et al., 2021): of the first <paramref name="Dimensions"/> elements of a head, element i turns with element
/// i + <paramref name="Dimensions"/> / 2. Checkpoints that pair neighbours are read in this order.
/// </summary>
/// <param name="Theta">Base of the frequencies (<c>rope_theta</c>).</param>
/// <param name="Dimensions">Elements of a head that turn; even, at most the width of a head.</param>
/// <param name="Scaling">Scaling for long contexts.</param>
public sealed record RotaryLayout(double Theta, int Dimensions, RopeScaling Scaling)
{
    /// <summary>Inverse frequencies <c>[Dimensions / 2]</c>, in radians per position.</summary>
    /// <param name="length">Tokens of the sequence; it matters only if <see cref="RopeScaling.DependsOnLength"/>.</param>
    public double[] InverseFrequencies(int length) => Scaling.InverseFrequencies(Dimensions, Theta, length);
}
