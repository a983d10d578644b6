using Helios.Sdk.Models;

namespace Helios.Sdk.TorchSharp.Tests.Loading;

/// <summary>What the contracts do not say of weights in 8 bits.</summary>
public sealed class Int8Tests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 40).Select(i => (i * 37 + 11) % 105)];

    public Int8Tests() => TorchUnderTest.RequireTorch();

    // The contract's tolerance allows for activations in bfloat16; those of an F32 checkpoint are FP32.
    [SkippableFact]
    public void With_fp32_activations_the_result_is_that_of_the_weights_held()
    {
        using var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture());
        var under = new TorchUnderTest();
        using var session = new Session(under, checkpoint, precision: Precision.Int8, variant: "cpu");
        var reference = new ReferenceModel(checkpoint.Held(under, Precision.Int8));
        var signals = session.Run(session.Table(64), Tokens, 0);
        for (var row = 0; row < Tokens.Length; row++)
        {
            var expected = reference.Step(Tokens[row], session.Depth, session.Depth);
            ((double)signals[row].TargetLogProbability).Should().BeApproximately(expected[row % expected.Length], 1e-3);
        }
    }

    [SkippableFact]
    public void A_matrix_takes_a_byte_a_weight_and_a_scale_a_row()
    {
        using var backend = new TorchSharpBackend(new TorchSharpOptions { Device = "cpu" });
        using var checkpoint = new ShapeCheckpoint(ShapeCheckpoint.Llama70B, TensorType.BF16);
        var (whole, eight) = (backend.Loader.Measure(checkpoint, Precision.Bf16), backend.Loader.Measure(checkpoint, Precision.Int8));
        ((double)eight.LayerBytes[0] / whole.LayerBytes[0]).Should().BeInRange(0.5, 0.501);
        ((double)eight.FixedBytes / whole.FixedBytes).Should().BeInRange(0.5, 0.501);
    }

    [SkippableFact]
    public void Rows_of_zeros_and_of_the_smallest_numbers_are_zeros_and_no_nan()
    {
        using var scope = torch.NewDisposeScope();
        var weights = torch.zeros(3, 8);
        weights[1].fill_(1e-44f);
        weights[2].fill_(1f);
        var (rounded, scales) = TorchSharp.Loading.Rounding.ToInt8(weights);
        scales.data<float>().Should().OnlyContain(scale => float.IsFinite(scale));
        var held = rounded.to(ScalarType.Float32) * scales.unsqueeze(1);
        held[0].abs().max().item<float>().Should().Be(0);
        held[1].abs().max().item<float>().Should().BeLessThan(1e-40f);
        held[2].min().item<float>().Should().BeApproximately(1, 0.005f);
    }
}
