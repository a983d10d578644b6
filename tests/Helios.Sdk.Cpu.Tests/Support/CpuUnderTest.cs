using System.Globalization;
using Helios.Backends.Testing;
using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Tests.Kernels;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Tests.Support;

/// <summary>The CPU backend; its variants are the vector widths of this machine.</summary>
public sealed class CpuUnderTest : BackendUnderTest
{
    /// <inheritdoc/>
    public override bool BitExact => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Variants => [.. KernelTests.AllWidths.Select(width => width.ToString(CultureInfo.InvariantCulture))];

    /// <inheritdoc/>
    public override IReadOnlyList<Precision> Precisions => [Precision.Fp32, Precision.Bf16, Precision.Fp16, Precision.Int8, Precision.Int4];

    /// <inheritdoc/>
    public override IReadOnlyList<Precision> KvPrecisions => [Precision.Fp32, Precision.Bf16];

    /// <inheritdoc/>
    public override IBackend Create(BackendSetup setup = default) => new CpuBackend(new CpuOptions
    {
        Threads = setup.Threads ?? 2,
        VectorWidth = setup.Variant is { } width ? int.Parse(width, CultureInfo.InvariantCulture) : null,
        KvPrecision = setup.KvPrecision ?? Precision.Fp32,
    });

    /// <inheritdoc/>
    public override long AllocatedBytes(IBackend backend) => ((CpuBackend)backend).AllocatedBytes;

    /// <inheritdoc/>
    public override bool IsNear(Precision weights, ModelArchitecture architecture) =>
        weights != Precision.Int4 || (architecture.Embedding.Positions is null && architecture.Stack.All(layer => layer.FeedForward.Experts is null));

    // Int4 takes activations in 8 bits, so that it alone is only near what its weights say.
    /// <inheritdoc/>
    public override Tolerance ToleranceOf(Precision weights, Precision kv) => (weights, kv) switch
    {
        (Precision.Int4, _) => new(0.4, 0.05, 0.04),
        (_, Precision.Bf16) => new(0.03, 0.01, 0.003),
        (Precision.Int8, _) => new(1e-3, 3e-4, 1e-4),
        _ => new(1e-4, 2e-5, 1e-5),
    };

    /// <inheritdoc/>
    public override float[] Held(Precision precision, TensorRole role, float[] matrix, int columns)
    {
        using var buffers = new Buffers();
        var rows = matrix.Length / columns;
        var held = Packed.Matrix(buffers, matrix, rows, columns, TensorType.F32, FormatOf(precision, role));
        return [.. Enumerable.Range(0, rows).SelectMany(row => Packed.Row(held, row))];
    }

    private static WeightFormat FormatOf(Precision precision, TensorRole role) => precision switch
    {
        Precision.Bf16 => WeightFormat.Bf16,
        Precision.Fp16 => WeightFormat.Fp16,
        Precision.Int8 or Precision.Int4 when role is TensorRole.Router or TensorRole.PositionEmbedding or TensorRole.ExitMap => WeightFormat.Fp32,
        Precision.Int8 => WeightFormat.Int8,
        Precision.Int4 => role is TensorRole.Embedding or TensorRole.EmbeddingProjection or TensorRole.Head or TensorRole.HeadProjection or TensorRole.ExitHead ? WeightFormat.Int8 : WeightFormat.Int4,
        _ => WeightFormat.Fp32,
    };
}
