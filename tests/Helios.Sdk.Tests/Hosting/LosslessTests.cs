using System.Runtime.Intrinsics;
using Helios.Sdk.Cpu;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Tests.Serving.Scheduling;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>With drafts the engine answers, bit for bit, what it answers without.</summary>
public class LosslessTests
{
    private const int Tokens = 48;

    public static TheoryData<string, int, int> ModelsExitsAndWidths()
    {
        var cases = new TheoryData<string, int, int>();
        foreach (var width in new[] { 128, 256, 512 })
        {
            if (width > 128 && !(width == 256 ? Vector256.IsHardwareAccelerated : Vector512.IsHardwareAccelerated)) continue;
            foreach (var (model, exits) in new[] { ("tiny-s", (int[])[2, 4]), ("tiny-m", [3, 8]) })
                foreach (var exit in exits) cases.Add(model, exit, width);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(ModelsExitsAndWidths))]
    public async Task Greedy_and_drawn_answers_equal_those_of_plain_decoding_alone_and_in_batches(string model, int exit, int width)
    {
        var plain = await AnswerAsync(model, null, width, together: true);
        plain.Count(answer => answer.FinishReason == FinishReason.Stop).Should().BeGreaterThan(1, "some stop before they are as long as they may be");

        MustBeEqual(await AnswerAsync(model, exit, width, together: false), plain);
        MustBeEqual(await AnswerAsync(model, exit, width, together: true), plain);
        var scheduler = new ForcedPreemption();
        MustBeEqual(await AnswerAsync(model, exit, width, together: true, builder => builder.UseStrategy<IScheduler>(() => scheduler)), plain);
        scheduler.Count.Should().BeGreaterThan(10);
    }

    [Fact]
    public async Task Integer_weights_and_bf16_kv_are_as_exact()
    {
        void Int8(IHeliosBuilder builder) => builder.Configure(options => options.Precision = Precision.Int8);
        var cpu = new CpuOptions { Threads = 2, KvPrecision = Precision.Bf16 };
        var plain = await AnswerAsync("tiny-s", null, cpu, together: true, Int8);
        MustBeEqual(await AnswerAsync("tiny-s", 3, cpu, together: true, Int8), plain);
    }

    [Fact]
    public async Task Who_insists_on_full_depth_is_served_with_drafts_as_well()
    {
        await using var engine = await ServeAsync("tiny-s", 3, new CpuOptions { Threads = 1 });
        var answer = await engine.AskAsync(Request(0) with { FullDepth = true });
        answer.Point.Should().Be(new OperatingPoint(new LoadTarget("tiny-s", 6), DraftDepth: 3));
        answer.Point!.ToString().Should().Be("tiny-s@6+lossless:3");
        answer.ExitDepths.Should().OnlyContain(depth => depth == 6);
        engine.Snapshot.DraftedTokens.Should().BePositive();
        engine.Snapshot.AcceptedTokens.Should().BeInRange(1, engine.Snapshot.DraftedTokens);
    }

    [Fact]
    public async Task A_stream_that_is_given_up_leaves_the_others_as_they_are()
    {
        var plain = await AnswerAsync("tiny-s", null, 128, together: true);
        await using var engine = await ServeAsync("tiny-s", 3, Cpu(128));
        var others = engine.AskAllAsync(Requests());
        var seen = 0;
        await foreach (var _ in engine.Engine.StreamAsync(Request(3) with { MaxTokens = 200 }))
        {
            if (++seen == 5) break;
        }

        MustBeEqual(await others, plain);
        await engine.SettleAsync();
        engine.MustBeIdle();
    }

    private static CpuOptions Cpu(int width) => new() { Threads = 1, VectorWidth = width };

    private static Task<TestEngine> ServeAsync(string model, int? draftDepth, CpuOptions cpu, Action<IHeliosBuilder>? more = null) => TestEngine.ServeAsync(
        model,
        more: builder =>
        {
            ((HeliosBuilder)builder).UseTime(new TickingClock());
            builder.Configure(options => options.Serving.DraftDepth = draftDepth);
            more?.Invoke(builder);
        },
        cpu: cpu);

    private static Task<GenerationResult[]> AnswerAsync(string model, int? draftDepth, int width, bool together, Action<IHeliosBuilder>? more = null) =>
        AnswerAsync(model, draftDepth, Cpu(width), together, more);

    private static async Task<GenerationResult[]> AnswerAsync(string model, int? draftDepth, CpuOptions cpu, bool together, Action<IHeliosBuilder>? more = null)
    {
        await using var engine = await ServeAsync(model, draftDepth, cpu, more);
        var answers = await engine.AskAllAsync(Requests(), together);
        engine.MustBeIdle();
        if (draftDepth is not null) engine.Snapshot.AcceptedTokens.Should().BePositive("drafts were made and accepted");
        return answers;
    }

    private static IEnumerable<GenerationRequest> Requests() => Prompts.All.Select((_, i) => Request(i));

    private static GenerationRequest Request(int i) => GenerationRequest.FromText(Prompts.All[i]) with
    {
        MaxTokens = Tokens - i,
        IgnoreEndOfSequence = i % 4 == 3,
        Sampling = new() { Temperature = (i % 3) switch { 0 => 0, 1 => 0.3f, _ => 0.9f }, TopP = i % 2 == 0 ? 0.9f : 1, TopK = i % 5 == 4 ? 20 : 0, Seed = i },
        Stop = i % 4 == 0 ? [" was", ".\n"] : [],
    };

    private static void MustBeEqual(GenerationResult[] found, GenerationResult[] expected)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            found[i].TokenIds.Should().Equal(expected[i].TokenIds, $"prompt {i} is answered alike");
            found[i].ExitDepths.Should().Equal(expected[i].ExitDepths);
            found[i].Text.Should().Be(expected[i].Text);
            found[i].FinishReason.Should().Be(expected[i].FinishReason);
        }
    }
}
