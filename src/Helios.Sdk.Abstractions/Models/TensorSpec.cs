namespace Helios.Sdk.Models;

/// <summary>A tensor that a model needs.</summary>
/// <param name="Key">Role and place.</param>
/// <param name="Rows">Rows; 1 for a vector.</param>
/// <param name="Columns">Elements of a row.</param>
/// <param name="IsOptional">Whether a checkpoint may lack it.</param>
public readonly record struct TensorSpec(TensorKey Key, int Rows, int Columns, bool IsOptional = false)
{
    /// <summary>A projection's weight and, where it has one, its bias.</summary>
    /// <param name="weight">Key of the weight.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs.</param>
    /// <param name="hasBias">Whether it has a bias <c>[rows]</c>.</param>
    public static IEnumerable<TensorSpec> Linear(TensorKey weight, int rows, int columns, bool hasBias)
    {
        yield return new TensorSpec(weight, rows, columns);
        if (hasBias) yield return new TensorSpec(weight with { Part = TensorPart.Bias }, 1, rows);
    }

    /// <summary>A norm's weight and, where it has one, its bias.</summary>
    /// <param name="role">Role of the norm.</param>
    /// <param name="layer">Layer index; -1 outside the layers.</param>
    /// <param name="width">Elements that it norms.</param>
    /// <param name="norm">The norm.</param>
    public static IEnumerable<TensorSpec> Norm(TensorRole role, int layer, int width, NormLayout norm)
    {
        ArgumentNullException.ThrowIfNull(norm);
        yield return new TensorSpec(new TensorKey(role, layer), 1, width);
        if (norm.HasBias) yield return new TensorSpec(new TensorKey(role, layer, Part: TensorPart.Bias), 1, width);
    }
}
