using Helios.Sdk.Models;

namespace Helios.Sdk.TorchSharp.Tests.Model;

public sealed class ExpertsTests
{
    // The contract leaves this out, because a row whose choice turns is as far off as the experts differ.
    [SkippableFact]
    public void In_bfloat16_few_close_choices_turn_and_the_other_rows_are_near()
    {
        var plain = MemoryCheckpoint.Architecture();
        using var checkpoint = new MemoryCheckpoint(plain with
        {
            Stack = plain.Stack.Select(layer => layer with { FeedForward = new FeedForwardLayout(22, Activation.Silu) { Experts = new ExpertsLayout(5, 2, Normalizes: true) } }),
        });
        var under = new TorchUnderTest();
        using var session = new Session(under, checkpoint, precision: Precision.Bf16, variant: "cpu");
        var reference = new ReferenceModel(checkpoint.Held(under, Precision.Bf16));
        int[] tokens = [.. Enumerable.Range(0, 50).Select(i => (i * 37 + 11) % 105)];
        var signals = session.Run(session.Table(64), tokens, 0);
        var off = signals.Select((signal, row) => Math.Abs(signal.TargetLogProbability - reference.Step(tokens[row], session.Depth, session.Depth)[row % 105])).Order().ToArray();
        off[off.Length / 2].Should().BeLessThan(session.Tolerance.LogProbabilityOnAverage);
        off.Count(distance => distance > session.Tolerance.LogProbability).Should().BeLessThan(off.Length / 10);
    }
}
