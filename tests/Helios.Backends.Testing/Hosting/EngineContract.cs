using Helios.Sdk.Backends;
using Helios.Sdk.Tests;

namespace Helios.Backends.Testing.Hosting;

/// <summary>The engine over the backend, with trained models.</summary>
public abstract class EngineContract<TBackend> : BackendContract<TBackend>
    where TBackend : BackendUnderTest, new()
{
    private const int Tokens = 20;

    /// <summary>Longest that any wait may take: never reached unless something hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static readonly string[] Prompts =
    [
        "Once upon a time, there was a little girl named Lily.",
        "Tom had a red ball. He liked to",
        "Question: Sam has 5 apples and buys 7 more. How many",
        "One day, a big dog",
        "The cat sat on the mat because",
        "x",
    ];

    // Tokens of a float64 reference. None of the choices is a near-tie: the two best logits are at least 0.001 apart.
    [SkippableTheory]
    [InlineData("stories260K", 1, "1,403,407,261,378", "378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378")]
    [InlineData("stories260K", 2, "1,403,407,261,378", "378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378,378")]
    [InlineData("stories260K", 3, "1,403,407,261,378", "432,261,261,284,303,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397")]
    [InlineData("stories260K", 4, "1,403,407,261,378", "432,383,286,261,410,435,435,417,417,427,422,352,414,340,316,426,359,413,286,261,370,432,268,421,414,340,419,269,261,370,432,268,421,414,340,419,269,261,280,415")]
    [InlineData("stories260K", 5, "1,403,407,261,378", "432,383,286,261,376,298,315,421,395,317,426,338,401,396,267,337,410,408,419,292,411,322,265,282,295,433,426,385,328,432,358,394,261,370,432,352,266,268,388,426")]
    [InlineData("tiny-s", 2, "4093,301,607,695,314,582", "1110,272,521,358,347,1263,278,384,258,663,816,46,408,314,582,1110,272,747,347,612,278,1216,1341,46,408,314,361,1110,272,347,1216,46,10,34,73,1007,585,730,590,326")]
    [InlineData("tiny-s", 3, "4093,301,607,695,314,582", "1110,278,355,750,272,493,272,261,991,46,408,750,272,493,272,261,991,358,347,612,46,408,423,44,426,73,1646,1570,44,326,1646,1570,330,356,46,326,1646,1570,330,356")]
    [InlineData("tiny-s", 4, "4093,301,607,695,314,582", "1110,278,355,750,272,493,272,261,991,46,408,818,347,612,674,355,639,493,272,261,991,46,408,423,355,314,582,1049,46,408,423,355,314,582,1049,46,10,301,607,695")]
    [InlineData("tiny-s", 5, "4093,301,607,695,314,582", "1110,46,408,750,272,521,358,347,1263,46,408,423,355,314,582,1988,46,408,423,355,314,582,1988,46,408,423,355,314,582,1988,46,10,301,607,695,314,582,670,46,408")]
    [InlineData("tiny-s", 6, "4093,301,607,695,314,582", "1110,46,408,750,272,493,272,261,991,46,408,818,347,612,674,355,639,493,272,261,991,46,408,423,355,314,258,663,1090,46,10,301,607,695,314,582,1110,46,408,423")]
    public async Task Forty_greedy_tokens_equal_the_reference(string model, int depth, string prompt, string expected)
    {
        await ServeAsync(model, depth, "none", async engine =>
        {
            await engine.Ready.WaitAsync(Patience);
            var answer = await AskAsync(engine, Forty(prompt));
            answer.TokenIds.Should().Equal(Ids(expected));
            answer.ExitDepths.Should().OnlyContain(ran => ran == depth);
            answer.Point.Should().Be(new OperatingPoint(new LoadTarget(model, depth)));
            engine.Pool.Snapshot.Models.Single().LoadedLayers.Should().Be(depth);
        });
    }

    [SkippableTheory]
    [InlineData("tiny-s", null, "none")]
    [InlineData("tiny-s", 5, "none")]
    [InlineData("tiny-s", null, "confidence:0.8")]
    [InlineData("tiny-s", 5, "top1:0.4")]
    public async Task Requests_at_once_are_answered_as_alone(string model, int? depth, string policy)
    {
        await ServeAsync(model, depth, policy, async engine =>
        {
            var alone = new List<GenerationResult>();
            foreach (var prompt in Prompts) alone.Add(await AskAsync(engine, Greedy(prompt)));
            var together = await Task.WhenAll(Prompts.Select(prompt => AskAsync(engine, Greedy(prompt))));

            engine.Snapshot.PeakBatch.Should().BeGreaterThan(1);
            if (policy == "none")
            {
                for (var i = 0; i < Prompts.Length; i++) MustAgree(together[i], alone[i]);
                return;
            }

            // A policy may see a signal on the other side of its threshold where bits differ, and what follows is another text.
            alone.SelectMany(answer => answer.ExitDepths).Distinct().Should().HaveCountGreaterThan(1);
            var alike = together.Zip(alone, (one, other) => one.TokenIds.SequenceEqual(other.TokenIds) && one.ExitDepths.SequenceEqual(other.ExitDepths)).Count(same => same);
            alike.Should().BeGreaterThanOrEqualTo(Backend.BitExact ? Prompts.Length : Prompts.Length / 2);
        });
    }

    [SkippableFact]
    public async Task The_same_seed_draws_the_same_tokens_whatever_shares_the_batch()
    {
        await ServeAsync("tiny-s", null, "none", async engine =>
        {
            var request = GenerationRequest.FromText(Prompts[0]) with { MaxTokens = 8, Sampling = new() { Temperature = 0.9f, TopP = 0.95f, TopK = 50, Seed = 7 }, IgnoreEndOfSequence = true };
            var alone = await AskAsync(engine, request);
            var crowd = Prompts.Select(prompt => AskAsync(engine, request.WithText(prompt) with { MaxTokens = 30, Sampling = request.Sampling with { Seed = 8 } })).ToList();
            var shared = await AskAsync(engine, request);
            await Task.WhenAll(crowd);
            shared.TokenIds.Should().Equal(alone.TokenIds);
        });
    }

    [SkippableFact]
    public async Task Deeper_layers_come_and_go_while_requests_run()
    {
        const string prompt = "1,403,407,261,378";
        const string atThree = "432,261,261,284,303,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397,397";
        const string atFive = "432,383,286,261,376,298,315,421,395,317,426,338,401,396,267,337,410,408,419,292,411,322,265,282,295,433,426,385,328,432,358,394,261,370,432,352,266,268,388,426";
        await ServeAsync("stories260K", 3, "none", async engine =>
        {
            for (var round = 0; round < 3; round++)
            {
                var shallow = Enumerable.Range(0, 4).Select(_ => AskAsync(engine, Forty(prompt))).ToList();
                var deep = Enumerable.Range(0, 2).Select(_ => AskAsync(engine, Forty(prompt) with { FullDepth = true })).ToList();
                foreach (var answer in await Task.WhenAll(shallow)) answer.TokenIds.Should().Equal(Ids(atThree));
                foreach (var answer in await Task.WhenAll(deep))
                {
                    answer.TokenIds.Should().Equal(Ids(atFive));
                    answer.ExitDepths.Should().OnlyContain(ran => ran == 5);
                }
            }
        });
    }

    [SkippableFact]
    public async Task Another_objective_changes_the_depth_under_requests_that_run()
    {
        await RunAsync(Adapting, async engine =>
        {
            for (var i = 0; engine.Decisions.Count == 0; i++) await AskAsync(engine, Greedy(Prompts[i % Prompts.Length]));

            var answers = new List<Task<GenerationResult>>();
            foreach (var objective in new[] { "memory", "quality", "memory" })
            {
                answers.AddRange(Prompts.Select(prompt => AskAsync(engine, Greedy(prompt))));
                var decision = await engine.SetObjectiveAsync(objective).WaitAsync(Patience);
                engine.Snapshot.Serving.Should().Be(decision.Chosen);
                if (objective == "memory") decision.Chosen.Target.Should().Be(new LoadTarget("tiny-s", 2), "it is the shallowest there is");
                else decision.Chosen.Target.Depth.Should().BeGreaterThan(2);
            }

            foreach (var answer in await Task.WhenAll(answers))
            {
                answer.TokenIds.Should().HaveCount(Tokens);
                answer.ExitDepths.Should().OnlyContain(ran => ran <= answer.Point!.Target.Depth);
            }
        });

        static void Adapting(IHeliosBuilder builder) => builder
            .AddModel(TestData.Model("tiny-s"))
            .EvaluateCandidates(1, requestsPerCandidate: 2)
            .Optimize("throughput").LimitQualityGap(null)
            .Configure(options => (options.Adaptation.BreachLimit, options.Adaptation.ConfidenceTarget) = (options.Adaptation.BreachWindow - 1, 0.01));
    }

    /// <summary>Runs an engine over one model that serves at a depth.</summary>
    private static Task ServeAsync(string model, int? depth, string policy, Func<HeliosEngine, Task> use) =>
        RunAsync(builder => builder.AddModel(TestData.Model(model)).ServeFixed(depth, policy), use);

    /// <summary>Runs an engine; in the end every byte must have been given back.</summary>
    private static async Task RunAsync(Action<IHeliosBuilder> configure, Func<HeliosEngine, Task> use)
    {
        IBackend? backend = null;
        var builder = HeliosEngine.CreateBuilder();
        builder.UseBackend(() => backend = Backend.Create());
        builder.UseMemoryBudget(256 << 20).Configure(options => options.Precision = Sharp);
        configure(builder);
        await using (var engine = builder.Build())
        {
            await use(engine);
            engine.Snapshot.RunningSequences.Should().Be(0);
        }

        Backend.AllocatedBytes(backend!).Should().Be(0, "every byte is given back");
    }

    /// <summary>as the model is stored where that separates choices whose logits are 0.001 apart, else FP32.</summary>
    private static Precision Sharp => Backend.ToleranceOf(Precision.Bf16, Backend.KvPrecisions[0]).LogProbability < 0.0005 ? Precision.Auto : Precision.Fp32;

    /// <summary>The same tokens; where bits may differ, up to the first whose two likeliest all but tie.</summary>
    private static void MustAgree(GenerationResult found, GenerationResult expected)
    {
        var same = found.TokenIds.Zip(expected.TokenIds).TakeWhile(pair => pair.First == pair.Second).Count();
        if (same == Tokens) return;
        Backend.BitExact.Should().BeFalse($"token {same} of {Tokens} differs");
        var likeliest = expected.LogProbabilities[same].Likeliest;
        var near = 2 * Backend.ToleranceOf(Precision.Fp32, Backend.KvPrecisions[0]).LogProbability;
        (likeliest[0].LogProbability - likeliest[1].LogProbability).Should().BeLessThan((float)near, $"only a near-tie may turn out otherwise, which token {same} is not");
    }

    private static Task<GenerationResult> AskAsync(HeliosEngine engine, GenerationRequest request) => engine.GenerateAsync(request).WaitAsync(Patience);

    private static GenerationRequest Greedy(string prompt) => GenerationRequest.FromText(prompt) with { MaxTokens = Tokens, IgnoreEndOfSequence = true, LogProbabilities = 2 };

    private static GenerationRequest Forty(string prompt) => GenerationRequest.FromTokens(Ids(prompt)) with { MaxTokens = 40, IgnoreEndOfSequence = true };

    private static int[] Ids(string list) => [.. list.Split(',').Select(int.Parse)];
}
