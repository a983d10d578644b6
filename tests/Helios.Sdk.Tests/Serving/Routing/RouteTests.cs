using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving.Routing;

public class RouteTests
{
    [Fact]
    public void A_route_checks_exits_only_below_its_depth()
    {
        using var rig = new LoopRig();
        rig.Route(6, "top1:0.5").CheckDepths.Should().Equal(2, 4);
        rig.Route(4, "top1:0.5").CheckDepths.Should().Equal(2);
        rig.Route(2, "top1:0.5").CheckDepths.Should().BeEmpty();
        rig.Route(6, "none").CheckDepths.Should().BeEmpty();
        rig.Route(6, "top1:0.5").ChecksAt(4).Should().BeTrue();
        rig.Route(6, "top1:0.5").ChecksAt(3).Should().BeFalse();
    }

    [Fact]
    public void Every_publication_has_a_higher_version()
    {
        using var rig = new LoopRig();
        rig.Routes.Current.Should().BeNull();
        rig.Serve(6);
        rig.Routes.Current!.Version.Should().Be(1);
        rig.Serve(4);
        rig.Routes.Current!.Version.Should().Be(2);
        rig.Routes.Current.Serving.Depth.Should().Be(4);
    }

    [Fact]
    public void A_batch_limit_holds_newcomers_back_and_those_that_run_run_on()
    {
        using var rig = new LoopRig();
        var serving = rig.Route();
        rig.Routes.Publish(serving);
        var sequences = Enumerable.Range(0, 6).Select(i => rig.Submit(LoopRig.Prompt(5, i), 20)).ToList();
        rig.Step();
        rig.Loop.Sequences.Running.Should().Be(6);

        rig.Routes.Publish(serving, maxBatch: 2);
        sequences.Add(rig.Submit(LoopRig.Prompt(5, 6), 4));
        rig.Step();
        rig.Loop.Sequences.Running.Should().Be(6, "nobody is turned out for a lower limit");
        sequences[^1].Kv.Should().BeNull();

        sequences.AddRange(Enumerable.Range(7, 5).Select(i => rig.Submit(LoopRig.Prompt(5, i), 4)));
        while (sequences.Take(6).Any(sequence => sequence.Kv is not null)) rig.Step();
        var most = 0;
        while (rig.Loop.Sequences.Count > 0)
        {
            rig.Step();
            most = Math.Max(most, rig.Loop.Sequences.Running);
        }

        most.Should().Be(2);
        sequences.ForEach(LoopRig.MustBeRight);
    }

    [Fact]
    public void A_lifted_batch_limit_lets_everybody_in()
    {
        using var rig = new LoopRig();
        var serving = rig.Route();
        rig.Routes.Publish(serving, maxBatch: 1);
        for (var i = 0; i < 6; i++) rig.Submit(LoopRig.Prompt(5, i), 20);
        rig.Step();
        rig.Loop.Sequences.Running.Should().Be(1);

        rig.Routes.Publish(serving);
        rig.Step();
        rig.Loop.Sequences.Running.Should().Be(6);
        rig.RunToEnd();
    }

    [Fact]
    public void A_candidate_under_evaluation_takes_exactly_its_requests()
    {
        using var rig = new LoopRig();
        var serving = rig.Route(6);
        var candidate = rig.Route(4);
        rig.Routes.Publish(serving, new EvaluationRoute(candidate, 3));
        var sequences = Enumerable.Range(0, 8).Select(i => rig.Submit(LoopRig.Prompt(5, i), 4)).ToList();
        rig.RunToEnd();

        sequences.Select(sequence => sequence.Route).Should().Equal(candidate, candidate, candidate, serving, serving, serving, serving, serving);
        sequences.ForEach(LoopRig.MustBeRight);
    }

    [Fact]
    public void With_many_threads_an_evaluation_still_takes_exactly_its_requests()
    {
        using var rig = new LoopRig();
        var evaluation = new EvaluationRoute(rig.Route(), 500);
        var taken = 0;
        Parallel.For(0, 4000, _ =>
        {
            if (evaluation.TryTake()) Interlocked.Increment(ref taken);
        });
        taken.Should().Be(500);
    }

    [Fact]
    public void A_sequence_keeps_its_route_and_its_layers_whatever_is_published()
    {
        using var rig = new LoopRig();
        var first = rig.Route(6);
        rig.Routes.Publish(first);
        var old = rig.Submit(LoopRig.Prompt(20, 1), 30);
        for (var i = 0; i < 5; i++) rig.Step();

        rig.Routes.Publish(rig.Route(2));
        first.Lease.Dispose();
        rig.Released.Should().Be(0, "the running sequence still claims its layers");
        var young = rig.Submit(LoopRig.Prompt(20, 2), 10);
        rig.Step();
        rig.Model.Depths.Should().BeEquivalentTo([6, 2], "both share the step");
        rig.RunToEnd();

        old.Route.Should().BeSameAs(first);
        young.Route!.Depth.Should().Be(2);
        LoopRig.MustBeRight(old);
        LoopRig.MustBeRight(young);
        rig.Released.Should().Be(1);
    }

    [Fact]
    public void A_candidate_with_too_small_a_context_takes_none_of_the_long_requests()
    {
        using var rig = new LoopRig();
        var small = rig.AddModel("small", context: 16);
        var serving = rig.Route();
        var candidate = rig.Route(model: small);
        rig.Routes.Publish(serving, new EvaluationRoute(candidate, 2));
        var longer = rig.Submit(LoopRig.Prompt(20, 1), 4);
        var shorter = rig.Submit(LoopRig.Prompt(10, 2), 4);
        rig.RunToEnd();

        longer.Route.Should().BeSameAs(serving);
        shorter.Route.Should().BeSameAs(candidate);
    }

    [Fact]
    public void A_prompt_moves_to_another_tokenizer_as_text_and_is_refused_as_ids()
    {
        using var rig = new LoopRig();
        var other = rig.AddModel("other", new FakeTokenizer("other"));
        rig.Serve(model: other);
        var text = rig.Submit([0, 1], 4, request => request.WithText("xyz"));
        text.Offer([new PromptForm("other", new EncodedPrompt([23, 24, 25], "other"), null)]);
        var ids = rig.Submit([0, 1], 4);
        rig.RunToEnd();

        text.Tokens[..text.PromptLength].ToArray().Should().Equal(23, 24, 25);
        LoopRig.MustBeRight(text);
        ids.Output.Progress.End!.Error.Should().BeOfType<HeliosException>().Which.Message.Should().Contain("other");
        rig.MustBeIdle();
    }

    [Fact]
    public void A_prompt_that_passes_the_context_of_what_serves_fails_alone()
    {
        using var rig = new LoopRig();
        var small = rig.AddModel("small", context: 16);
        rig.Serve(model: small);
        var tooLong = rig.Submit(LoopRig.Prompt(20, 1), 4);
        var fits = rig.Submit(LoopRig.Prompt(8, 1), 8);
        rig.RunToEnd();

        tooLong.Output.Progress.End!.Error.Should().BeOfType<HeliosException>().Which.Message.Should().Be("TokenIds is 20 tokens; expected fewer than 16, the context of 'small', for an answer to fit.");
        LoopRig.MustBeRight(fits);
    }
}
