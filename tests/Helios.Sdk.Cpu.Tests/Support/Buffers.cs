using System.Runtime.InteropServices;

namespace Helios.Sdk.Cpu.Tests.Support;

/// <summary>Aligned native memory for kernels.</summary>
internal sealed unsafe class Buffers : IDisposable
{
    private readonly Random random = new(7);
    private readonly List<nint> owned = [];

    public float* Zeros(int floats)
    {
        var memory = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(1, floats) * sizeof(float), 64);
        new Span<float>(memory, floats).Clear();
        owned.Add((nint)memory);
        return memory;
    }

    public float* Random(int floats)
    {
        var memory = Zeros(floats);
        for (var i = 0; i < floats; i++) memory[i] = 2 * random.NextSingle() - 1;
        return memory;
    }

    public float* Copy(float* source, int floats)
    {
        var memory = Zeros(floats);
        new Span<float>(source, floats).CopyTo(new Span<float>(memory, floats));
        return memory;
    }

    public void Dispose()
    {
        foreach (var memory in owned) NativeMemory.AlignedFree((void*)memory);
    }
}
