using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Loading;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Model;

/// <summary>Norms of rows by their layout.</summary>
internal static unsafe class Norms
{
    /// <summary>Norms a row; it may go to its own place.</summary>
    /// <param name="kernels">Vector kernels.</param>
    /// <param name="norm">The norm.</param>
    /// <param name="from">Row, zero behind <paramref name="size"/>.</param>
    /// <param name="to">Result, padded.</param>
    /// <param name="size">Elements.</param>
    public static void Norm(this CpuKernels kernels, CpuNorm norm, float* from, float* to, int size)
    {
        var (padded, epsilon) = (Workspace.Pad(size), norm.Layout.Epsilon);
        if (norm.Layout.Kind == NormKind.Layer) kernels.LayerNorm(from, norm.Weight, norm.Bias, to, size, padded, epsilon);
        else kernels.RmsNorm(from, norm.Weight, to, size, padded, epsilon);
    }
}
