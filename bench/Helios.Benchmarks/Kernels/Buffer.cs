using System.Runtime.InteropServices;

namespace Helios.Benchmarks.Kernels;

/// <summary>Aligned floats of [-1, 1), drawn anew in the same way every time.</summary>
internal sealed unsafe class Buffer : IDisposable
{
    public Buffer(int floats)
    {
        Pointer = (float*)NativeMemory.AlignedAlloc((nuint)floats * sizeof(float), 64);
        var random = new Random(7);
        for (var i = 0; i < floats; i++) Pointer[i] = 2 * random.NextSingle() - 1;
    }

    public float* Pointer { get; }

    public void Dispose() => NativeMemory.AlignedFree(Pointer);
}
