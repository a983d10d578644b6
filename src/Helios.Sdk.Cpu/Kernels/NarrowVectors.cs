using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>An x64 process whose kernels have 128-bit vectors alone: those run without fused multiply-add, which is emulated a number at a time.</summary>
internal static class NarrowVectors
{
    private const int Avx2Bit = 1 << 5;

    /// <summary>Advice for the operator of this process; null where its vectors are wide, or are 128 bits wide on every processor of its kind.</summary>
    public static string? Warning => Vector256.IsHardwareAccelerated || !X86Base.IsSupported ? null : Explain(ProcessorHasAvx2);

    private static bool ProcessorHasAvx2 => X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ebx & Avx2Bit) != 0;

    /// <summary>Why the vectors are narrow, and what makes them wide.</summary>
    public static string Explain(bool processorHasAvx2) =>
        "The kernels run on 128-bit vectors without fused multiply-add, and take many times longer than they might: " + (processorHasAvx2
            ? "the processor has AVX2, but this process does not use it. An app compiled ahead of time sets <IlcInstructionSet>x86-64-v3</IlcInstructionSet> in its project and is published again; any other does without DOTNET_EnableAVX2=0."
            : "this processor has no AVX2.");
}
