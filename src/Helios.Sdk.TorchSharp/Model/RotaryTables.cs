using Helios.Sdk.Models;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>How positions turn pairs of elements of a head.</summary>
/// <param name="Cosines"><c>[rows, 1, 1, pairs]</c>.</param>
/// <param name="Sines">Negative, then positive sines <c>[rows, 1, 2, pairs]</c>.</param>
internal sealed record Rotation(Tensor Cosines, Tensor Sines);

/// <summary>Inverse frequencies for each kind of rotary positions that the layers have.</summary>
internal sealed class RotaryTables
{
    private readonly RotaryLayout[] kinds;
    private readonly Tensor?[] frequencies;
    private readonly int[] kindOfLayer;
    private readonly Tensor signs;

    /// <summary>Prepares the tables.</summary>
    /// <param name="architecture">Shape of the model.</param>
    /// <param name="keep">Brings a tensor to the device, and owns it there.</param>
    public RotaryTables(ModelArchitecture architecture, Func<Tensor, Tensor> keep)
    {
        kinds = KindsOf(architecture);
        kindOfLayer = [.. architecture.Stack.Select(layer => layer.Attention.Rotary is { } rotary ? Array.IndexOf(kinds, rotary) : -1)];
        frequencies = [.. kinds.Select(kind => kind.Scaling.DependsOnLength ? null : keep(torch.tensor(kind.InverseFrequencies(length: 1))))];
        signs = keep(torch.tensor(new double[] { -1, 1 }).view(1, 2, 1));
    }

    /// <summary>Kinds of rotary positions, each once.</summary>
    public static RotaryLayout[] KindsOf(ModelArchitecture architecture) => [.. architecture.Stack.Select(layer => layer.Attention.Rotary).OfType<RotaryLayout>().Distinct()];

    /// <summary>The kind of a layer, as an index into what <see cref="Turn"/> returns; -1 where the layer does not turn.</summary>
    public int KindOf(int layer) => kindOfLayer[layer];

    /// <summary>How rows turn, for each kind. In double: at position 100,000 a float angle would be off by a hundredth of a radian.</summary>
    /// <param name="constants">What does not change from step to step.</param>
    /// <param name="positions">Positions of the rows, <c>[rows]</c> on the device.</param>
    /// <param name="rows">The step.</param>
    /// <param name="some">The rows, as indices into the step.</param>
    public Rotation[] Turn(StepConstants constants, Tensor positions, TorchStepRows rows, ReadOnlySpan<int> some)
    {
        var rotations = new Rotation[kinds.Length];
        for (var i = 0; i < kinds.Length; i++)
        {
            using var scope = torch.NewDisposeScope();
            var angles = positions.to(ScalarType.Float64).unsqueeze(1) * (frequencies[i] ?? FrequenciesByLength(constants, kinds[i], rows, some));
            var half = kinds[i].Dimensions / 2;
            var (cosines, sines) = (angles.cos(), angles.sin().unsqueeze(1) * signs);
            if (kinds[i].Scaling.AttentionFactor is var factor && !factor.Equals(1))
            {
                cosines.mul_(constants.Number(factor));
                sines.mul_(constants.Number(factor));
            }

            rotations[i] = new Rotation(
                cosines.to(constants.Type).view(some.Length, 1, 1, half).MoveToOuterDisposeScope(),
                sines.to(constants.Type).view(some.Length, 1, 2, half).MoveToOuterDisposeScope());
        }

        return rotations;
    }

    // [rows, pairs]. Rows of one prompt share its length.
    private static Tensor FrequenciesByLength(StepConstants constants, RotaryLayout kind, TorchStepRows rows, ReadOnlySpan<int> some)
    {
        var half = kind.Dimensions / 2;
        var all = constants.Doubles.Room<double>(some.Length * half);
        for (var i = 0; i < some.Length; i++)
        {
            var mine = all.Slice(i * half, half);
            if (i > 0 && rows[some[i]].Length == rows[some[i - 1]].Length) all.Slice((i - 1) * half, half).CopyTo(mine);
            else kind.Scaling.InverseFrequencies(mine, kind.Theta, rows[some[i]].Length);
        }

        return constants.Doubles.ToDevice(some.Length * half).view(some.Length, half);
    }
}
