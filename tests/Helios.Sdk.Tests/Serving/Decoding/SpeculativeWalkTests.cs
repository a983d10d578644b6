using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Backends;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tests.Serving.Fakes;
using Helios.Sdk.Tests.Serving.Scheduling;

namespace Helios.Sdk.Tests.Serving.Decoding;

/// <summary>Drafting changes no token, whatever is drafted, accepted, cut short or taken away.</summary>
public class SpeculativeWalkTests
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

    [Fact]
    public void Whatever_happens_answers_are_those_of_plain_decoding()
    {
        var shapes = Gen.Zip(Gen.Choose(1, 5), Gen.Zip(Gen.Elements(0, 50, 90, 100), Gen.Elements(10, 24, 256)));
        var circumstances = Gen.Zip(Gen.Choose(0, 3), Gen.Zip(Gen.Elements(0f, 0.8f), Gen.Choose(0, 2)));
        var requests = Gen.ListOf(Gen.Zip(Gen.Choose(1, 40), Gen.Choose(1, 60)), 9);
        var cases = Gen.Zip(shapes, Gen.Zip(circumstances, requests)).ToArbitrary();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(150), Prop.ForAll(cases, drawn =>
        {
            var ((draftDepth, (easy, maxRows)), ((trouble, (temperature, ends)), list)) = drawn;
            var scenario = new Scenario(easy, maxRows, trouble, temperature, ends, [.. list.Select(pair => (pair.Item1, pair.Item2))]);
            scenario.Run(draftDepth).Should().BeEquivalentTo(scenario.Run(null), options => options.WithStrictOrdering());
        }));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    [InlineData(100)]
    public void Answers_are_those_of_the_reference(int easy)
    {
        using var rig = new LoopRig(time: new TickingClock()).Serve(draftDepth: 3);
        rig.Model.Easy = easy;
        var sequences = Enumerable.Range(0, 10)
            .Select(i => rig.Submit(LoopRig.Prompt(5 + 3 * i, i), 60, request => request with { Sampling = request.Sampling with { Temperature = i % 2 * 0.9f, Seed = i } })).ToList();
        rig.RunToEnd();

        sequences.ForEach(sequence => LoopRig.MustBeRight(sequence, easy));
        rig.MustBeIdle();
    }

    [Theory]
    [InlineData(60, 0f)]
    [InlineData(100, 0f)]
    [InlineData(100, 0.9f)]
    public void Penalties_see_what_was_drafted(int easy, float temperature)
    {
        using var rig = new LoopRig(time: new TickingClock()).Serve(draftDepth: 3);
        rig.Model.Easy = easy;
        var sequences = Enumerable.Range(0, 6).Select(i => rig.Submit(LoopRig.Prompt(5 + 3 * i, i), 60, request => request with
        {
            Sampling = request.Sampling with { Temperature = temperature, Seed = i, RepetitionPenalty = 1.3f, PresencePenalty = 0.4f, FrequencyPenalty = 0.5f, LogitBias = new Dictionary<int, float> { [3] = 1 } },
            LogProbabilities = 3,
        })).ToList();
        rig.RunToEnd();

        sequences.ForEach(sequence => LoopRig.MustBeRight(sequence, easy));
        rig.Model.Drafted.Should().BePositive();
        rig.MustBeIdle();
    }

    [Fact]
    public void What_is_easy_comes_several_tokens_a_step()
    {
        using var rig = new LoopRig(time: new TickingClock());
        var route = rig.Route(draftDepth: 2);
        rig.Model.Easy = 100;
        var sequence = rig.Submit(LoopRig.Prompt(5, 1), 200, pinned: route);
        rig.RunToEnd();

        LoopRig.MustBeRight(sequence, easy: 100);
        LoopRig.Depths(sequence).Should().OnlyContain(depth => depth == LoopRig.Layers, "every token was verified");
        route.Drafts!.Drafted.Should().BePositive();
        route.Drafts.Accepted.Should().Be(route.Drafts.Drafted, "the exit is always right");
        rig.Observer.Tokens.Should().Be(200);
        rig.Model.Steps.Should().BeLessThan(200);
    }

    [Fact]
    public void What_the_exit_cannot_foresee_is_drafted_in_vain_and_then_left_alone()
    {
        using var rig = new LoopRig(time: new TickingClock());
        var route = rig.Route(draftDepth: 2);
        var sequence = rig.Submit(LoopRig.Prompt(5, 1), 1500, request => request with { Sampling = request.Sampling with { Temperature = 0.7f } }, pinned: route);
        rig.RunToEnd();

        LoopRig.MustBeRight(sequence);
        route.Drafts!.Accepted.Should().BeLessThan(route.Drafts.Drafted);
        route.Drafts.Drafted.Should().BeInRange(1, 400);
    }

    [Fact]
    public void Prompts_run_beside_drafts_and_other_depths_in_one_step()
    {
        using var rig = new LoopRig(new ServingOptions { MaxBatchSize = 16, MaxRowsPerStep = 40 }, time: new TickingClock());
        rig.Model.Easy = 80;
        var routes = new[] { rig.Route(draftDepth: 2), rig.Route(draftDepth: 4), rig.Route(4), rig.Route(policy: "top1:0.5") };
        var sequences = new List<Sequence>();
        for (var i = 0; i < 16; i++)
        {
            sequences.Add(rig.Submit(LoopRig.Prompt(5 + 9 * i, i), 40, pinned: routes[i % routes.Length]));
            rig.Step();
        }

        rig.RunToEnd();
        sequences.ForEach(sequence => LoopRig.MustBeRight(sequence, easy: 80));
        routes.Take(2).Should().OnlyContain(route => route.Drafts!.Accepted > 0);
        rig.MustBeIdle();
    }

    [Fact]
    public void A_backend_that_fails_while_drafting_fails_the_sequences_that_draft_and_no_other()
    {
        using var rig = new LoopRig(time: new TickingClock());
        rig.Model.Easy = 100;
        var (drafting, plain) = (rig.Route(draftDepth: 2), rig.Route());
        var lost = rig.Submit(LoopRig.Prompt(5, 1), 30, pinned: drafting);
        var kept = rig.Submit(LoopRig.Prompt(5, 2), 30, pinned: plain);
        rig.Step();
        rig.Model.FailsOn = row => row.TokenId == StepRow.Unknown;
        rig.RunToEnd();

        lost.Output.Progress.End!.Error.Should().BeOfType<HeliosException>();
        LoopRig.MustBeRight(kept, easy: 100);
        rig.MustBeIdle();
    }

    /// <summary>Requests under some circumstances, run with or without drafts.</summary>
    private sealed record Scenario(int Easy, int MaxRows, int Trouble, float Temperature, int Ends, IReadOnlyList<(int Prompt, int Tokens)> Requests)
    {
        public List<Ended> Run(int? draftDepth)
        {
            // A preemption in every step ends well only if a prompt fits into one.
            var options = new ServingOptions { MaxBatchSize = 8, MaxRowsPerStep = Trouble == 1 ? 1000 : MaxRows };
            var scheduler = Trouble == 1 ? new ForcedPreemption() : (IScheduler?)null;
            var (budget, slab) = Trouble == 2 ? (10L * 16 * LoopRig.Layers * sizeof(ulong), 16 * LoopRig.Layers * sizeof(ulong)) : (1L << 20, 1 << 16);
            using var rig = new LoopRig(options, budget, slab, scheduler, new TickingClock());

            // One of 64 tokens ends an answer, and one of two stop strings is there soon too.
            var model = Ends == 1 ? rig.AddModel("ending", null, LoopRig.Context, 17) : rig.Model;
            model.Easy = Easy;
            rig.Serve(model: model, draftDepth: draftDepth);
            var stop = Ends == 2 ? Letters.Select(letter => $"{letter}e").Take(20).ToArray() : [];
            var sequences = Requests.Select((request, i) => rig.Submit(
                LoopRig.Prompt(request.Prompt, i), request.Tokens, it => it with { Sampling = it.Sampling with { Temperature = Temperature, Seed = i }, Stop = [.. stop] })).ToList();

            rig.Step();
            if (Trouble == 3)
            {
                for (var i = 0; i < sequences.Count; i += 3)
                {
                    rig.Loop.Cancel(sequences[i]);
                    rig.Step();
                    rig.Loop.Sequences.PreemptLeast(rig.Blocks);
                }
            }

            if (rig.Loop.Sequences.Count > 0) rig.RunToEnd();
            rig.MustBeIdle();
            return [.. sequences.Where((_, i) => Trouble != 3 || i % 3 != 0).Select(sequence => new Ended(
                string.Join(' ', LoopRig.Tokens(sequence)),
                string.Join(' ', LoopRig.Depths(sequence)),
                LoopRig.Reason(sequence),
                sequence.Output.Text.SafeLength))];
        }
    }

    private sealed record Ended(string Tokens, string Depths, FinishReason? Reason, int TextLength);
}
