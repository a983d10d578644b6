using System.Runtime.Intrinsics;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Tests.Support;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Tests.Kernels;

/// <summary>Every kernel but the matrix product against plain float64, at every vector width.</summary>
public sealed unsafe class KernelTests
{
    public static TheoryData<int> Widths() => [.. AllWidths];

    /// <summary>The widths that this machine has.</summary>
    internal static IEnumerable<int> AllWidths =>
        new[] { 128, 256, 512 }.Where(width => width == 128 || (width == 256 ? Vector256.IsHardwareAccelerated : Vector512.IsHardwareAccelerated));

    [Theory]
    [MemberData(nameof(Widths))]
    public void Exp_is_accurate_and_saturates(int width)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        const int count = 4096;
        var x = buffers.Zeros(count);
        var y = buffers.Zeros(count);
        for (var i = 0; i < count; i++) x[i] = -87 + 175f * i / count;
        (x[0], x[1], x[2], x[3]) = (float.NaN, float.NegativeInfinity, float.PositiveInfinity, -0f);
        kernels.Exp(x, y, count);
        float.IsNaN(y[0]).Should().BeTrue();
        (y[1], y[2], y[3]).Should().Be((0f, float.PositiveInfinity, 1f));
        for (var i = 4; i < count; i++) (y[i] / Math.Exp(x[i])).Should().BeApproximately(1, 1.5e-7);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Norm_gate_add_and_rotation_match(int width)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        foreach (var size in new[] { 1, 15, 16, 48, 105, 768 })
        {
            var padded = (size + 15) & ~15;
            var px = buffers.Random(padded);
            var pw = buffers.Random(padded);
            var py = buffers.Zeros(padded);
            var x = (nint)px;
            for (var i = size; i < padded; i++) px[i] = pw[i] = 0;
            kernels.RmsNorm(px, pw, py, size, padded, 1e-5f);
            var inverse = 1 / Math.Sqrt(Enumerable.Range(0, size).Sum(i => (double)((float*)x)[i] * ((float*)x)[i]) / size + 1e-5f);
            for (var i = 0; i < padded; i++) py[i].Should().BeApproximately((float)(px[i] * inverse * pw[i]), 1e-6f);

            var gate = buffers.Copy(px, padded);
            gate[0] *= 50;
            var before = gate[0];
            kernels.Activate(Activation.Silu, gate, pw, padded);
            gate[0].Should().BeApproximately((float)(before / (1 + Math.Exp(-before)) * pw[0]), 1e-5f);
            for (var i = 1; i < size; i++) gate[i].Should().BeApproximately((float)(px[i] / (1 + Math.Exp(-px[i])) * pw[i]), 1e-6f);
            for (var i = size; i < padded; i++) gate[i].Should().Be(0);

            var sum = buffers.Copy(px, padded);
            kernels.Add(sum, pw, padded);
            for (var i = 0; i < padded; i++) sum[i].Should().Be(px[i] + pw[i]);
        }

        foreach (var half in new[] { 1, 3, 8, 24, 33, 64 })
        {
            var head = buffers.Random(2 * half);
            var angles = buffers.Random(half);
            var (cos, sin, turned) = ((nint)buffers.Zeros(half), (nint)buffers.Zeros(half), (nint)buffers.Copy(head, 2 * half));
            for (var i = 0; i < half; i++) (((float*)cos)[i], ((float*)sin)[i]) = (MathF.Cos(angles[i]), MathF.Sin(angles[i]));
            kernels.Rotate((float*)turned, (float*)cos, (float*)sin, half, 0.25f);
            for (var i = 0; i < half; i++)
            {
                var (c, s) = (Math.Cos(angles[i]), Math.Sin(angles[i]));
                ((float*)turned)[i].Should().BeApproximately((float)((head[i] * c - head[half + i] * s) / 4), 1e-6f);
                ((float*)turned)[half + i].Should().BeApproximately((float)((head[half + i] * c + head[i] * s) / 4), 1e-6f);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Summaries_match(int width)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        foreach (var size in new[] { 1, 2, 16, 105, 1000, 5003 })
        {
            var padded = (size + 15) & ~15;
            var logits = buffers.Random(padded);
            for (var i = 0; i < size; i++) logits[i] *= 6;
            for (var i = size; i < padded; i++) logits[i] = float.NegativeInfinity;
            var values = new Span<float>(logits, size).ToArray().Select(v => (double)v).ToArray();
            var summary = kernels.Summarise(logits, size, padded, weighted: true);
            var max = values.Max();
            summary.TopId.Should().Be(Array.IndexOf(values, max));
            summary.Max.Should().Be((float)max);
            if (size > 1) summary.Second.Should().Be((float)values.OrderDescending().ElementAt(1));
            summary.Sum.Should().BeApproximately(values.Sum(v => Math.Exp(v - max)), 1e-6 * summary.Sum);
            summary.Weighted.Should().BeApproximately(values.Sum(v => Math.Exp(v - max) * (v - max)), 1e-6 * (1 + Math.Abs(summary.Weighted)));
            kernels.Summarise(logits, size, padded, weighted: false).Sum.Should().Be(summary.Sum);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Ties_go_to_the_lowest_id_and_nan_never_out_of_range(int width)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        var logits = buffers.Zeros(112);
        for (var i = 105; i < 112; i++) logits[i] = float.NegativeInfinity;
        (logits[37], logits[90]) = (5, 5);
        var summary = kernels.Summarise(logits, 105, 112, weighted: true);
        (summary.TopId, summary.Max, summary.Second).Should().Be((37, 5f, 5f));

        logits[50] = float.NaN;
        summary = kernels.Summarise(logits, 105, 112, weighted: true);
        double.IsNaN(summary.Sum).Should().BeTrue();
        new Span<float>(logits, 105).Fill(float.NaN);
        kernels.Summarise(logits, 105, 112, weighted: true).TopId.Should().Be(0);
    }
}
