using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving;

/// <summary>Nothing is allocated per token: buffers grow by doubling, and between that is nothing.</summary>
public class AllocationTests
{
    /// <summary>Tokens of an answer at which every buffer has just doubled; none does again up to 448.</summary>
    private const int Grown = 260;

    private const int Rounds = 9;
    private const int Steps = 20;

    [Theory]
    [InlineData("none", 0f)]
    [InlineData("top1:0.5", 0f)]
    [InlineData("confidence:0.5", 0.8f)]
    public void Steps_of_eight_sequences_allocate_nothing(string policy, float temperature) =>
        MustNotAllocate(policy, request => request with { Sampling = request.Sampling with { Temperature = temperature }, Stop = ["no such text"] });

    [Theory]
    [InlineData("none", 0f)]
    [InlineData("top1:0.5", 0.8f)]
    public void Nor_do_edits_and_log_probabilities(string policy, float temperature) => MustNotAllocate(policy, request => request with
    {
        Sampling = request.Sampling with { Temperature = temperature, RepetitionPenalty = 1.2f, PresencePenalty = 0.5f, FrequencyPenalty = 0.3f, LogitBias = new Dictionary<int, float> { [3] = 1, [4] = float.NegativeInfinity }, LogitsProcessors = [new NoRepeat()] },
        LogProbabilities = 5,
        StopTokenIds = [4],
    });

    private static void MustNotAllocate(string policy, Func<GenerationRequest, GenerationRequest> with)
    {
        using var rig = new LoopRig(budget: 1 << 22, slabBytes: 1 << 21).Serve(policy: policy);
        Submit(rig, with);
        rig.RunToEnd();
        var sequences = Submit(rig, with);
        for (var i = 0; i < Grown; i++) rig.Loop.Step();

        LeastAllocated(Rounds, Steps, rig).Should().Be(0);
        sequences.Select(sequence => sequence.Output.Progress.Count).Should().OnlyContain(count => count == Grown + Rounds * Steps);
        rig.RunToEnd();
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.8f)]
    public void Drafting_allocates_nothing_either(float temperature)
    {
        using var rig = new LoopRig(budget: 1 << 22, slabBytes: 1 << 21, time: new TickingClock()).Serve(draftDepth: 2);
        rig.Model.Easy = 100;
        Submit(rig, request => request with { Sampling = request.Sampling with { Temperature = temperature }, Stop = ["no such text"] });
        rig.RunToEnd();
        var sequences = Submit(rig, request => request with { Sampling = request.Sampling with { Temperature = temperature }, Stop = ["no such text"] });
        while (sequences.Min(sequence => sequence.Answer.Length) < Grown) rig.Loop.Step();

        var drafted = rig.Model.Drafted;
        LeastAllocated(rounds: 2, steps: 12, rig).Should().Be(0);
        rig.Model.Drafted.Should().BeGreaterThan(drafted);
        rig.Loop.Sequences.Count.Should().Be(8);
        rig.RunToEnd();
    }

    /// <summary>Bytes of the round that allocated least: the runtime's caches of casts, which tests beside this one empty, are filled again on whatever thread comes by.</summary>
    private static long LeastAllocated(int rounds, int steps, LoopRig rig)
    {
        var least = long.MaxValue;
        for (var round = 0; round < rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < steps; i++) rig.Loop.Step();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static List<Sequence> Submit(LoopRig rig, Func<GenerationRequest, GenerationRequest> with) =>
        [.. Enumerable.Range(0, 8).Select(i => rig.Submit(LoopRig.Prompt(10 + i, i), 500, with))];

    private sealed class NoRepeat : ILogitsProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, Span<float> logits) => logits[tokens[^1]] = float.NegativeInfinity;
    }
}
