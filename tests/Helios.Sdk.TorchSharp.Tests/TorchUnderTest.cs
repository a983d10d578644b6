using System.Runtime.InteropServices;
using Helios.Backends.Testing;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Devices;
using Helios.Sdk.TorchSharp.Loading;
using Helios.Sdk.TorchSharp.Operators;

namespace Helios.Sdk.TorchSharp.Tests;

/// <summary>The TorchSharp backend; its variants are the devices of this machine: torch's CPU, and the first GPU where torch has one.</summary>
public sealed class TorchUnderTest : BackendUnderTest
{
    private static readonly string[] Devices =
        CudaDriver.TryRead(0, out _) is not null && NativeLibrary.TryLoad("torch_cuda", typeof(torch).Assembly, searchPath: null, out _) ? ["cpu", "cuda:0"] : ["cpu"];

    private static readonly string? MissingBecause = FindMissing();

    /// <summary>Torch picks its kernels by size: the last bits depend on the batch.</summary>
    public override bool BitExact => false;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Variants => Devices;

    /// <inheritdoc/>
    public override IReadOnlyList<Precision> Precisions => [Precision.Fp32, Precision.Bf16, Precision.Int8, Precision.Int4];

    /// <inheritdoc/>
    public override IReadOnlyList<Precision> KvPrecisions => [Precision.Fp32, Precision.Bf16];

    /// <inheritdoc/>
    public override IBackend Create(BackendSetup setup = default)
    {
        RequireTorch();
        return new TorchSharpBackend(new TorchSharpOptions
        {
            Device = string.IsNullOrEmpty(setup.Variant) ? Devices[^1] : setup.Variant,
            KvPrecision = setup.KvPrecision ?? Precision.Fp32,

            // So little that long contexts attend in several goes.
            AttentionBytes = 1 << 20,
        });
    }

    /// <summary>Opens torch's CPU.</summary>
    /// <exception cref="SkipException">Torch's native libraries cannot be loaded.</exception>
    public static TorchSharpBackend OnCpu()
    {
        RequireTorch();
        return new TorchSharpBackend(new TorchSharpOptions { Device = "cpu" });
    }

    /// <summary>Goes on where torch's native libraries can be loaded; elsewhere the test skips, with what the loader says.</summary>
    /// <exception cref="SkipException">They cannot be loaded.</exception>
    public static void RequireTorch() => Skip.If(MissingBecause is not null, MissingBecause);

    /// <inheritdoc/>
    public override long AllocatedBytes(IBackend backend) => ((TorchSharpBackend)backend).AllocatedBytes;

    // A router stays in FP32. A row's largest weight is 127 times its scale, which bfloat16 holds. Rows of other lengths than kernels take are held as they are.
    /// <inheritdoc/>
    public override float[] Held(Precision precision, TensorRole role, float[] matrix, int columns)
    {
        if (role == TensorRole.Router || (role is TensorRole.PositionEmbedding or TensorRole.ExitMap && precision is Precision.Int8 or Precision.Int4)) return matrix;
        if (precision == Precision.Int4) return Int4(role, matrix, columns);
        if (precision != Precision.Int8) return base.Held(precision, role, matrix, columns);
        if (columns % TorchOperators.Int8Columns != 0) return matrix;
        var held = new float[matrix.Length];
        for (var row = 0; row < matrix.Length; row += columns)
        {
            var most = 0f;
            foreach (var weight in matrix.AsSpan(row, columns)) most = MathF.Max(most, MathF.Abs(weight));
            var scale = base.Held(Precision.Bf16, role, [most / 127], 1)[0];
            for (var i = row; i < row + columns; i++) held[i] = scale == 0 ? 0 : Math.Clamp(MathF.Round(matrix[i] / scale), -127, 127) * scale;
        }

        return held;
    }

    /// <inheritdoc/>
    public override bool IsNear(Precision weights, ModelArchitecture architecture) =>
        weights != Precision.Bf16 || architecture.Stack.All(layer => layer.FeedForward.Experts is null);

    // Activations have the type of the weights, so that bfloat16 rounds every intermediate result to 8 bits.
    /// <inheritdoc/>
    public override Tolerance ToleranceOf(Precision weights, Precision kv) => (weights, kv) switch
    {
        (Precision.Fp32, Precision.Fp32) => new(1e-3, 2e-4, 1e-4),
        (Precision.Fp32, _) => new(0.03, 0.01, 0.003),
        _ => new(0.3, 0.08, 0.03),
    };

    private static string? FindMissing()
    {
        try
        {
            _ = TorchDevice.Open("cpu");
            return null;
        }
        catch (PlatformNotSupportedException error)
        {
            return error.Message;
        }
    }

    // What matrices of several tensors need of each, every tensor has in the shapes of the contract, or none.
    private static float[] Int4(TensorRole role, float[] matrix, int columns)
    {
        if (role is TensorRole.Embedding or TensorRole.EmbeddingProjection or TensorRole.Head or TensorRole.HeadProjection or TensorRole.ExitHead) return matrix;
        if (columns % TorchOperators.Int4Group != 0 || matrix.Length / columns % TorchOperators.Int4Rows != 0) return matrix;
        using var scope = torch.NewDisposeScope();
        var (numbers, scales) = Rounding.ToInt4(torch.tensor(matrix).view(-1, columns));
        var held = numbers.to(ScalarType.Float32).sub(8f) * scales.t().repeat_interleave(TorchOperators.Int4Group, 1);
        return held.contiguous().data<float>().ToArray();
    }
}
