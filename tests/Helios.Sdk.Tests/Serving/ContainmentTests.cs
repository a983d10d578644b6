using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tests.Serving.Fakes;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Tests.Serving;

/// <summary>What goes wrong with one request ends that one: the others answer what they would have answered.</summary>
public class ContainmentTests
{
    /// <summary>A position that the answers of the others do not reach.</summary>
    private const int Bad = 33;

    [Theory]
    [InlineData(null)]
    [InlineData(2)]
    public void A_row_that_a_step_is_refused_for_fails_alone(int? draftDepth)
    {
        using var rig = new LoopRig().Serve(draftDepth: draftDepth);
        rig.Model.Easy = 50;
        rig.Model.RefusesOn = row => row.Position == Bad;
        var others = Others(rig);
        var guilty = Guilty(rig);

        Run(rig, others, guilty).Should().BeOfType<HeliosException>().Which.Message.Should().Be("A step of 'fake' was refused: A row is of no use.");
        LoopRig.Tokens(guilty).Should().NotBeEmpty("what was generated before stays");
    }

    [Theory]
    [InlineData("none", null)]
    [InlineData("top1:0.5", null)]
    [InlineData("none", 2)]
    public void Logits_that_are_no_numbers_fail_the_request_whose_they_are(string policy, int? draftDepth)
    {
        using var rig = new LoopRig().Serve(policy: policy, draftDepth: draftDepth);
        rig.Model.NotFinite = (row, _) => row.Position == Bad;
        var others = Others(rig);
        var guilty = Guilty(rig);

        Run(rig, others, guilty).Should().BeOfType<NonFiniteLogitsException>().Which.Model.Should().Be("fake");
        LoopRig.Tokens(guilty).Should().NotBeEmpty("what was generated before stays");
    }

    [Fact]
    public void They_are_reported_with_the_layers_that_they_arose_in()
    {
        using var rig = new LoopRig().Serve(policy: "top1:1");
        rig.Model.NotFinite = (row, depth) => depth > 3 && row.Position > 3;
        var guilty = rig.Submit([5, 6, 7], 40);
        rig.RunToEnd();

        var error = (NonFiniteLogitsException)guilty.Output.Progress.End!.Error!;
        var lastFinite = guilty.Route!.CheckDepths.Where(check => check <= 3).DefaultIfEmpty(0).Max();
        error.Layers.Start.Should().Be(lastFinite);
        error.Layers.End.Should().BeGreaterThan(3);
        error.Message.Should().Contain($"not finite after layer {error.Layers.End}");
        LoopRig.Tokens(guilty).Should().HaveCount(2, "what was generated before stays");
        rig.MustBeIdle();
    }

    [Fact]
    public void An_exit_policy_that_throws_fails_the_requests_that_it_was_asked_about()
    {
        using var rig = new LoopRig().Serve();
        var others = Others(rig);
        var guilty = Guilty(rig, pinned: rig.Route(own: new Throwing()));

        Run(rig, others, guilty).Should().BeOfType<HeliosException>().Which.Message.Should().StartWith("Exit policy 'throwing' failed at depth ").And.EndWith("Cannot decide.");
    }

    [Fact]
    public void A_tokenizer_that_throws_fails_the_request_whose_it_is()
    {
        using var rig = new LoopRig().Serve();
        var others = Others(rig);
        var guilty = Guilty(rig, tokenizer: new Mute());

        Run(rig, others, guilty).Should().BeOfType<HeliosException>().Which.Message.Should().Be("The answer could not be continued: No bytes today.");
    }

    [Fact]
    public void A_text_with_an_id_that_the_model_lacks_is_refused_before_it_runs()
    {
        using var rig = new LoopRig().Serve();
        var others = Others(rig);
        var guilty = rig.Submit([5, FakeMath.Vocabulary, 7], 40, request => request.WithText("text"));

        Run(rig, others, guilty).Message.Should().Be("Prompt is encoded with token 64; expected an id of 'fake', 0 to 63. Its tokenizer has more tokens than the model has rows.");
    }

    [Theory]
    [InlineData(FakeMath.Vocabulary - 1, "candidate")]
    [InlineData(FakeMath.Vocabulary, "fake")]
    [InlineData(-1, "fake")]
    public void A_candidate_answers_only_what_it_has_the_ids_of(int id, string answers)
    {
        using var rig = new LoopRig();
        var candidate = rig.AddModel("candidate", new FakeTokenizer("other"));
        rig.Routes.Publish(rig.Route(), new EvaluationRoute(rig.Route(model: candidate), requests: 4));
        var sequence = rig.Submit([1, 2, 3], 5, request => request.WithText("text"));
        sequence.Offer([new PromptForm("other", new EncodedPrompt([4, id], "other"), null)]);
        rig.RunToEnd();

        sequence.Route!.Point.Target.Model.Should().Be(answers);
        sequence.PromptLength.Should().Be(answers == "fake" ? 3 : 2);
        LoopRig.MustBeRight(sequence);
    }

    [Fact]
    public void A_prompt_that_was_not_put_into_the_ids_of_what_serves_says_why()
    {
        using var rig = new LoopRig();
        rig.Serve(model: rig.AddModel("other", new FakeTokenizer("other")));
        var others = Enumerable.Range(0, 2).Select(_ => rig.Submit([1, 2, 3], 5, request => request.WithText("text"))).ToList();
        others[1].Offer([new PromptForm("other", null, new ConversationRefusedException("No."))]);
        rig.RunToEnd();

        others[0].Output.Progress.End!.Error!.Message.Should().Contain("cannot be encoded for 'other'");
        others[1].Output.Progress.End!.Error.Should().BeOfType<ConversationRefusedException>();
    }

    private static List<Sequence> Others(LoopRig rig) => [.. Enumerable.Range(0, 4).Select(i => rig.Submit([1, 2, 3], 20, request => request with { Sampling = request.Sampling with { Seed = i, RepetitionPenalty = 1.1f } }))];

    private static Sequence Guilty(LoopRig rig, Route? pinned = null, ITokenizer? tokenizer = null) => rig.Submit(LoopRig.Prompt(30, 1), 40, pinned: pinned, tokenizer: tokenizer);

    private static Exception Run(LoopRig rig, List<Sequence> others, Sequence guilty)
    {
        rig.RunToEnd();
        foreach (var other in others) LoopRig.MustBeRight(other, rig.Model.Easy);
        rig.MustBeIdle();
        return guilty.Output.Progress.End!.Error!;
    }

    private sealed class Throwing : IExitPolicy
    {
        public string Name => "throwing";

        public ExitSignals Needs => ExitSignals.Top1;

        public void ChooseExits(in ExitLayout exits, Span<bool> checks) => checks.Fill(true);

        public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave) => throw new InvalidOperationException("Cannot decide.");
    }

    private sealed class Mute : ITokenizer
    {
        public int VocabularySize => FakeMath.Vocabulary;

        public string Fingerprint => "fake";

        public bool StripsLeadingSpace => false;

        public IReadOnlyList<int> Encode(string text, bool addSpecialTokens = true) => [];

        public string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true) => "";

        public ReadOnlySpan<byte> GetBytes(int id) => throw new InvalidOperationException("No bytes today.");
    }
}
