using System.Runtime.Intrinsics;
using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>The kernels at one vector width. Calls are coarse, so that being virtual costs nothing.</summary>
internal abstract unsafe class CpuKernels
{
    /// <summary>Width of the vectors in bits.</summary>
    public abstract int VectorWidth { get; }

    /// <summary>The kernels of a width.</summary>
    /// <param name="vectorWidth">128, 256 or 512; null for the widest that is fast here.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such width.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine has no such vectors.</exception>
    public static CpuKernels For(int? vectorWidth)
    {
        var width = vectorWidth ?? (Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128);
        return width switch
        {
            512 when Vector512.IsHardwareAccelerated => new CpuKernels<Simd512, Vector512<float>>(),
            256 when Vector256.IsHardwareAccelerated => new CpuKernels<Simd256, Vector256<float>>(),
            128 => new CpuKernels<Simd128, Vector128<float>>(),
            256 or 512 => throw new PlatformNotSupportedException(Invariant($"This machine has no {width}-bit vectors.")),
            _ => throw new ArgumentOutOfRangeException(nameof(vectorWidth), vectorWidth, "A vector is 128, 256 or 512 bits wide."),
        };
    }

    /// <inheritdoc cref="MatMul{TSimd, TVector, TFormat}.Multiply"/>
    public abstract void Multiply(PackedMatrix weights, int firstBlock, int endBlock, float* x, nint ldx, float* y, nint ldy, int columns);

    /// <inheritdoc cref="Integers{TSimd, TVector}.Quantise"/>
    public abstract void Quantise(float* x, PackedMatrix matrix);

    /// <inheritdoc cref="Attention{TSimd, TVector, TFormat}.Attend(in AttentionTask)"/>
    public abstract void Attend(in AttentionTask task);

    /// <inheritdoc cref="Attention{TSimd, TVector, TFormat}.AttendSplit"/>
    public abstract void AttendSplit(in AttentionTask task, int split);

    /// <inheritdoc cref="Attention{TSimd, TVector, TFormat}.MergeSplits"/>
    public abstract void MergeSplits(in AttentionTask task);

    /// <inheritdoc cref="RowKernels{TSimd, TVector}.Add"/>
    public abstract void Add(float* target, float* source, int padded);

    /// <inheritdoc cref="RowKernels{TSimd, TVector}.RmsNorm"/>
    public abstract void RmsNorm(float* x, float* weight, float* y, int size, int padded, float epsilon);

    /// <inheritdoc cref="RowKernels{TSimd, TVector}.AddScaled"/>
    public abstract void AddScaled(float* target, float* source, float factor, int padded);

    /// <inheritdoc cref="RowKernels{TSimd, TVector}.Scale"/>
    public abstract void Scale(float* x, float factor, int size);

    /// <inheritdoc cref="RowKernels{TSimd, TVector}.RmsNormInPlace"/>
    public abstract void RmsNormInPlace(float* x, float* weight, int size, float epsilon);

    /// <inheritdoc cref="RowKernels{TSimd, TVector}.LayerNorm"/>
    public abstract void LayerNorm(float* x, float* weight, float* bias, float* y, int size, int padded, float epsilon);

    /// <inheritdoc cref="RowKernels{TSimd, TVector}.Activate"/>
    public abstract void Activate(Activation activation, float* x, float* up, int padded);

    /// <inheritdoc cref="RowKernels{TSimd, TVector}.SoftCap"/>
    public abstract void SoftCap(float* x, float cap, int padded);

    /// <inheritdoc cref="RowKernels{TSimd, TVector}.Rotate"/>
    public abstract void Rotate(float* head, float* cosines, float* sines, int half, float scale);

    /// <inheritdoc cref="RowKernels{TSimd, TVector}.Exp"/>
    public abstract void Exp(float* x, float* y, int padded);

    /// <summary>Top two, sum and entropy of a row of logits.</summary>
    public abstract LogitSummary Summarise(float* logits, int size, int padded, bool weighted);

    /// <inheritdoc cref="LogitKernels{TSimd, TVector}.TemperedWeights"/>
    public abstract void TemperedWeights(float* logits, float* weights, int padded, float max, float temperature);
}

/// <summary>The kernels over one vector type.</summary>
internal sealed unsafe class CpuKernels<TSimd, TVector> : CpuKernels
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public override int VectorWidth => TSimd.Lanes * 32;

    public override void Multiply(PackedMatrix weights, int firstBlock, int endBlock, float* x, nint ldx, float* y, nint ldy, int columns)
    {
        switch (weights.Format)
        {
            case WeightFormat.Fp32:
                MatMul<TSimd, TVector, Fp32Format<TSimd, TVector>>.Multiply(weights, firstBlock, endBlock, x, ldx, y, ldy, columns);
                break;
            case WeightFormat.Bf16:
                MatMul<TSimd, TVector, Bf16Format<TSimd, TVector>>.Multiply(weights, firstBlock, endBlock, x, ldx, y, ldy, columns);
                break;
            case WeightFormat.Fp16:
                MatMul<TSimd, TVector, Fp16Format<TSimd, TVector>>.Multiply(weights, firstBlock, endBlock, x, ldx, y, ldy, columns);
                break;
            case WeightFormat.Int8:
                MatMul<TSimd, TVector, Int8Format<TSimd, TVector>>.Multiply(weights, firstBlock, endBlock, x, ldx, y, ldy, columns);
                break;
            case WeightFormat.Block8 when weights.HasOffsets:
                MatMul<TSimd, TVector, Block8OffsetFormat<TSimd, TVector>>.Multiply(weights, firstBlock, endBlock, x, ldx, y, ldy, columns);
                break;
            case WeightFormat.Block8:
                MatMul<TSimd, TVector, Block8Format<TSimd, TVector>>.Multiply(weights, firstBlock, endBlock, x, ldx, y, ldy, columns);
                break;
            case WeightFormat.Block4:
                SplitMatMul<TSimd, TVector>.Multiply(weights, firstBlock, endBlock, x, ldx, y, ldy, columns);
                break;
            default:
                MatMul<TSimd, TVector, Int4Format<TSimd, TVector>>.Multiply(weights, firstBlock, endBlock, x, ldx, y, ldy, columns);
                break;
        }
    }

    public override void Quantise(float* x, PackedMatrix matrix) => Integers<TSimd, TVector>.Quantise(x, matrix);

    public override void Attend(in AttentionTask task)
    {
        if (task.Layout.Precision == Precision.Bf16) Attention<TSimd, TVector, Bf16Kv<TSimd, TVector>>.Attend(task);
        else Attention<TSimd, TVector, Fp32Kv<TSimd, TVector>>.Attend(task);
    }

    public override void AttendSplit(in AttentionTask task, int split)
    {
        if (task.Layout.Precision == Precision.Bf16) Attention<TSimd, TVector, Bf16Kv<TSimd, TVector>>.AttendSplit(task, split);
        else Attention<TSimd, TVector, Fp32Kv<TSimd, TVector>>.AttendSplit(task, split);
    }

    // States are floats whatever the format of keys and values.
    public override void MergeSplits(in AttentionTask task) => Attention<TSimd, TVector, Fp32Kv<TSimd, TVector>>.MergeSplits(task);

    public override void Add(float* target, float* source, int padded) => RowKernels<TSimd, TVector>.Add(target, source, padded);

    public override void RmsNorm(float* x, float* weight, float* y, int size, int padded, float epsilon) =>
        RowKernels<TSimd, TVector>.RmsNorm(x, weight, y, size, padded, epsilon);

    public override void AddScaled(float* target, float* source, float factor, int padded) => RowKernels<TSimd, TVector>.AddScaled(target, source, factor, padded);

    public override void Scale(float* x, float factor, int size) => RowKernels<TSimd, TVector>.Scale(x, factor, size);

    public override void RmsNormInPlace(float* x, float* weight, int size, float epsilon) => RowKernels<TSimd, TVector>.RmsNormInPlace(x, weight, size, epsilon);

    public override void LayerNorm(float* x, float* weight, float* bias, float* y, int size, int padded, float epsilon) =>
        RowKernels<TSimd, TVector>.LayerNorm(x, weight, bias, y, size, padded, epsilon);

    public override void Activate(Activation activation, float* x, float* up, int padded) => RowKernels<TSimd, TVector>.Activate(activation, x, up, padded);

    public override void SoftCap(float* x, float cap, int padded) => RowKernels<TSimd, TVector>.SoftCap(x, cap, padded);

    public override void Rotate(float* head, float* cosines, float* sines, int half, float scale) =>
        RowKernels<TSimd, TVector>.Rotate(head, cosines, sines, half, scale);

    public override void Exp(float* x, float* y, int padded) => RowKernels<TSimd, TVector>.Exp(x, y, padded);

    public override LogitSummary Summarise(float* logits, int size, int padded, bool weighted) =>
        LogitKernels<TSimd, TVector>.Summarise(logits, size, padded, weighted);

    public override void TemperedWeights(float* logits, float* weights, int padded, float max, float temperature) =>
        LogitKernels<TSimd, TVector>.TemperedWeights(logits, weights, padded, max, temperature);
}
