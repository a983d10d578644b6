using System.Runtime.InteropServices;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// Norms and other vectors of a checkpoint hold finite numbers. Every token passes through each of them, and they are small: one
/// number that is none would make every answer worthless, and is found here for next to nothing.
/// </summary>
internal static class FiniteVectors
{
    /// <summary>Looks at what was read of a vector.</summary>
    /// <param name="file">For messages.</param>
    /// <param name="tensor">The tensor; a matrix is not looked at.</param>
    /// <param name="offset">Where the bytes begin in it, at a whole number.</param>
    /// <param name="bytes">What was read.</param>
    /// <exception cref="CheckpointException">A number is NaN or infinite.</exception>
    public static void Check(string file, StoredTensor tensor, long offset, ReadOnlySpan<byte> bytes)
    {
        if (tensor.Rows != 1 || tensor.Type.IsQuantised()) return;
        var size = tensor.Type.BlockBytes();
        if (offset % size != 0) return;
        var bad = tensor.Type switch
        {
            TensorType.F32 => FirstBad(MemoryMarshal.Cast<byte, uint>(bytes), 0x7F800000u),
            TensorType.F16 => FirstBad(MemoryMarshal.Cast<byte, ushort>(bytes), (ushort)0x7C00),
            TensorType.BF16 => FirstBad(MemoryMarshal.Cast<byte, ushort>(bytes), (ushort)0x7F80),
            _ => -1,
        };
        if (bad >= 0) throw new CheckpointException(Invariant($"{file}: '{tensor.Name}' holds NaN or infinity at {offset / size + bad}; expected finite numbers. The file is damaged, or its training went wrong."));
    }

    /// <summary>Place of the first number whose exponent has all its bits; -1 when none has.</summary>
    private static int FirstBad<T>(ReadOnlySpan<T> numbers, T exponent)
        where T : System.Numerics.IBinaryInteger<T>
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            if ((numbers[i] & exponent) == exponent) return i;
        }

        return -1;
    }
}
