using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Loading;
using Helios.Sdk.TorchSharp.Operators;

namespace Helios.Sdk.TorchSharp.Tests.Loading;

/// <summary>What the contracts do not say of weights in 4 bits.</summary>
public sealed class Int4Tests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 40).Select(i => (i * 37 + 11) % 105)];

    public Int4Tests() => TorchUnderTest.RequireTorch();

    // Every matrix of the layers in 4 bits, made of several tensors, and rows that leave early and fill KV by a part of one.
    [SkippableFact]
    public void With_fp32_activations_the_result_is_that_of_the_weights_held()
    {
        using var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture(hidden: 128, heads: 4, kvHeads: 2, headDim: 32, feedForward: 192));
        var under = new TorchUnderTest();
        using var session = new Session(under, checkpoint, precision: Precision.Int4, variant: "cpu");
        var reference = new ReferenceModel(checkpoint.Held(under, Precision.Int4));
        var table = session.Table(64);
        for (var position = 0; position < Tokens.Length; position += 2)
        {
            var early = 1 + (position / 2 % 2);
            session.Model.Begin(new StepBatch { Rows = [new(Tokens[position], position, 0, 3), new(Tokens[position + 1], position + 1, 0, 3)], Blocks = table });
            session.Model.Run(LayerRange.To(early));
            session.Model.Retire([0]);
            session.Model.Run(new LayerRange(early, 3));
            session.Model.Retire([1]);
            var tokens = session.Greedy(2);
            for (var row = 0; row < 2; row++)
            {
                var expected = reference.Step(Tokens[position + row], row == 0 ? early : 3, 3);
                ((double)tokens[row].LogProbability).Should().BeApproximately(expected[tokens[row].TokenId], 1e-3);
            }
        }
    }

    [SkippableFact]
    public void A_layer_takes_five_eighths_of_a_byte_a_weight()
    {
        using var backend = TorchUnderTest.OnCpu();
        using var checkpoint = new ShapeCheckpoint(ShapeCheckpoint.Llama70B, TensorType.BF16);
        var (whole, four) = (backend.Loader.Measure(checkpoint, Precision.Bf16), backend.Loader.Measure(checkpoint, Precision.Int4));
        ((double)four.LayerBytes[0] / whole.LayerBytes[0]).Should().BeInRange(0.3125, 0.3127);
        four.FixedBytes.Should().Be(whole.FixedBytes, "embedding and head stay as they are");
    }

    [SkippableFact]
    public void Rounding_is_within_half_a_step_or_better_in_squares_and_zeros_stay_zeros()
    {
        using var scope = torch.NewDisposeScope();
        var weights = torch.randn(64, 96);
        weights[3].fill_(0f);
        var (numbers, scales) = Rounding.ToInt4(weights);
        var held = (numbers.to(ScalarType.Float32) - 8) * scales.t().repeat_interleave(TorchOperators.Int4Group, 1);
        held[3].abs().max().item<float>().Should().Be(0);
        var plain = weights.view(64, 3, 32).abs().amax([2]).div(7f).repeat_interleave(TorchOperators.Int4Group, 1);
        var simple = weights.div(plain.clamp_min(1e-30f)).round() * plain;
        (held - weights).square().sum().item<float>().Should().BeLessThan((simple - weights).square().sum().item<float>());
    }
}
