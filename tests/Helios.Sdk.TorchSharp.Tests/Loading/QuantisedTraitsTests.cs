using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Sdk.TorchSharp.Tests.Loading;

/// <summary>Biases, experts and learned positions beside matrices in few bits, in shapes that every format takes.</summary>
public sealed class QuantisedTraitsTests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 40).Select(i => (i * 37 + 11) % 105)];

    public QuantisedTraitsTests() => TorchUnderTest.RequireTorch();

    // Every other token leaves after the first layer: the part of a matrix that makes keys and values is used by itself.
    [SkippableTheory]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int4)]
    public void The_result_is_that_of_the_weights_held(Precision precision)
    {
        using var checkpoint = new MemoryCheckpoint(Architecture());
        var under = new TorchUnderTest();
        using var session = new Session(under, checkpoint, precision: precision, variant: "cpu");
        var reference = new ReferenceModel(checkpoint.Held(under, precision));
        var table = session.Table(64);
        for (var position = 0; position < Tokens.Length; position++)
        {
            var depth = position % 2 == 0 ? session.Depth : 1;
            session.Model.Begin(new StepBatch { Rows = [new(Tokens[position], position, 0, session.Depth)], Blocks = table });
            session.Model.Run(LayerRange.To(depth));
            session.Model.Retire([0]);
            var token = session.Greedy(1)[0];
            var expected = reference.Step(Tokens[position], depth, session.Depth);
            ((double)token.LogProbability).Should().BeApproximately(expected[token.TokenId], 1e-3, $"position {position}");
            expected[token.TokenId].Should().BeApproximately(expected.Max(), 2e-3);
        }
    }

    private static ModelArchitecture Architecture()
    {
        var plain = MemoryCheckpoint.Architecture(hidden: 64, heads: 4, kvHeads: 2, headDim: 32, feedForward: 64);
        return plain with
        {
            Embedding = plain.Embedding with { Positions = new PositionLayout(plain.ContextLength) },
            Stack = plain.Stack.Select(layer => layer with
            {
                Attention = layer.Attention with { HasBias = true, HasOutputBias = true },
                FeedForward = layer.FeedForward with { HasBias = true, Experts = new ExpertsLayout(3, 2, Normalizes: true) },
            }),
        };
    }
}
