using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Tests.Serving.Fakes;
using Helios.Sdk.Tests.Serving.Scheduling;

namespace Helios.Sdk.Tests.Serving.Requests;

/// <summary>KV that sequences leave to each other; every answer is checked against one computed from nothing.</summary>
public class PromptCacheTests
{
    [Theory]
    [InlineData(40, 32)]
    [InlineData(33, 32)]
    [InlineData(32, 31)]
    [InlineData(16, 15)]
    [InlineData(15, 0)]
    [InlineData(1, 0)]
    public void A_prompt_that_ran_before_is_computed_from_its_last_block_on(int length, int cached)
    {
        using var rig = new LoopRig().Serve();
        var first = Answer(rig, LoopRig.Prompt(length, 1), 20);
        first.CachedPromptTokens.Should().Be(0);

        var second = rig.Submit(LoopRig.Prompt(length, 1), 20);
        rig.Step();
        rig.Observer.Last.Rows.Should().Be(length - cached, "the last token runs in any case");
        rig.RunToEnd();

        second.CachedPromptTokens.Should().Be(cached);
        LoopRig.MustBeRight(second);
        (rig.Loop.Prompts.PromptTokens, rig.Loop.Prompts.HitTokens).Should().Be((2L * length, cached));
        rig.MustBeIdle();
    }

    [Theory]
    [InlineData(20, 16)]
    [InlineData(32, 31)]
    [InlineData(33, 0)]
    public void Keys_that_depend_on_the_length_of_a_sequence_are_not_shared(int length, int cached)
    {
        using var rig = new LoopRig { Scaling = new DynamicRopeScaling(4, OriginalContextLength: 32) };
        rig.Serve(model: rig.AddModel("dynamic"));
        var first = Answer(rig, LoopRig.Prompt(length, 1), 20);
        var second = Answer(rig, LoopRig.Prompt(length, 1), 20);
        second.CachedPromptTokens.Should().Be(cached);
        Answer(rig, [.. first.Tokens, 7], 5).CachedPromptTokens.Should().Be(0, "it is longer than the original context");
        LoopRig.MustBeRight(second);
        rig.MustBeIdle();
    }

    [Theory]
    [InlineData(20, 1)]
    [InlineData(32, 1)]
    [InlineData(33, 0)]
    public void What_outgrows_the_context_of_its_rotary_scaling_is_computed_again_once(int length, int recomputed)
    {
        using var rig = new LoopRig { Scaling = new LongRopeScaling([1, 1], [2, 2], originalContextLength: 32, attentionFactor: 1) };
        rig.Serve(model: rig.AddModel("long"));
        var first = Answer(rig, LoopRig.Prompt(length, 1), 30);
        LoopRig.MustBeRight(first);
        rig.Loop.Sequences.Preemptions.Should().Be(recomputed);
        Answer(rig, LoopRig.Prompt(length, 1), 30).CachedPromptTokens.Should().Be(length > 32 ? 0 : length / 16 * 16 == length ? length - 1 : length / 16 * 16);
        rig.MustBeIdle();
    }

    [Fact]
    public void What_was_answered_is_part_of_the_next_prompt()
    {
        using var rig = new LoopRig().Serve();
        var first = Answer(rig, LoopRig.Prompt(20, 1), 30);
        var second = Answer(rig, [.. first.Tokens, 7, 8, 9], 30);
        second.CachedPromptTokens.Should().Be(48, "49 tokens of the first ran");
        LoopRig.MustBeRight(second);
    }

    [Fact]
    public void Requests_that_run_at_the_same_time_share_what_is_computed_by_then()
    {
        using var rig = new LoopRig(new ServingOptions { MaxRowsPerStep = 64 }).Serve();
        var first = rig.Submit(LoopRig.Prompt(40, 1), 30);
        rig.Step();
        var used = rig.Blocks.UsedBytes;
        var second = rig.Submit([.. LoopRig.Prompt(40, 1), 3], 30);
        rig.Step();
        second.CachedPromptTokens.Should().Be(32);
        rig.Blocks.UsedBytes.Should().Be(used / 3 * 4, "two of three blocks are shared");
        rig.RunToEnd();
        LoopRig.MustBeRight(first);
        LoopRig.MustBeRight(second);
        rig.MustBeIdle();
    }

    [Fact]
    public void A_block_in_which_a_token_left_early_is_nobody_elses()
    {
        using var rig = new LoopRig().Serve(policy: "top1:0.9");
        var first = Answer(rig, LoopRig.Prompt(20, 3), 100);
        var exact = 0;
        while (first.DepthOf(exact) == LoopRig.Layers) exact++;
        exact.Should().BeInRange(20, 100, "some leave, but not at once");

        var second = Answer(rig, [.. first.Tokens], 10);
        second.CachedPromptTokens.Should().Be(exact / 16 * 16);
        LoopRig.MustBeRight(second);
    }

    [Fact]
    public void Another_depth_of_the_same_model_has_KV_of_its_own()
    {
        using var rig = new LoopRig().Serve();
        Answer(rig, LoopRig.Prompt(40, 1), 5);
        rig.Serve(depth: 4);
        var shallow = Answer(rig, LoopRig.Prompt(40, 1), 5);
        shallow.CachedPromptTokens.Should().Be(0);
        Answer(rig, LoopRig.Prompt(40, 1), 5).CachedPromptTokens.Should().Be(32);
        rig.Serve(depth: 6, policy: "top1:0.5");
        Answer(rig, LoopRig.Prompt(40, 1), 5).CachedPromptTokens.Should().Be(32, "a prompt runs through all layers whatever the policy");
    }

    [Theory]
    [InlineData("anna", "ben", 0)]
    [InlineData("anna", "anna", 32)]
    [InlineData(null, null, 32)]
    [InlineData("anna", null, 0)]
    [InlineData("red1", "red2", 32)]
    [InlineData("red1", "blue", 0)]
    [InlineData("red1", "red", 0)]
    [InlineData("red", "red1", 0)]
    [InlineData("anna", "ANNA", 0)]
    public void A_tenant_finds_its_own_and_its_groups(string? one, string? other, int cached)
    {
        var options = new ServingOptions();
        foreach (var name in (string[])["red1", "red2"]) options.Tenants[name] = new TenantOptions { CacheGroup = "red" };
        options.Tenants["blue"] = new TenantOptions { CacheGroup = "blue" };
        using var rig = new LoopRig(options).Serve();
        Answer(rig, LoopRig.Prompt(40, 1), 5, one);
        var second = Answer(rig, LoopRig.Prompt(40, 1), 5, other);
        second.CachedPromptTokens.Should().Be(cached);
        LoopRig.MustBeRight(second);
    }

    [Fact]
    public void Switched_off_nothing_is_kept()
    {
        using var rig = new LoopRig(new ServingOptions { PrefixCache = false }).Serve();
        Answer(rig, LoopRig.Prompt(40, 1), 20);
        rig.Blocks.CachedBytes.Should().Be(0);
        Answer(rig, LoopRig.Prompt(40, 1), 20).CachedPromptTokens.Should().Be(0);
    }

    [Theory]
    [InlineData("none", 1)]
    [InlineData("top1:0.5", 2)]
    public void One_that_was_preempted_goes_on_behind_what_is_still_cached(string policy, int atMostSteps)
    {
        using var rig = new LoopRig(new ServingOptions { MaxRowsPerStep = 64 }).Serve(policy: policy);
        var sequence = rig.Submit(LoopRig.Prompt(60, 2), 40);
        for (var i = 0; i < 10; i++) rig.Step();
        var known = sequence.Known;
        rig.Loop.Sequences.PreemptLeast(rig.Blocks).Should().BeTrue();
        rig.Step();
        rig.Observer.Last.Rows.Should().BeLessThanOrEqualTo(known - 48, "three blocks were there");
        for (var i = 1; i < atMostSteps; i++) rig.Step();
        sequence.Known.Should().BeGreaterThan(known);
        rig.RunToEnd();

        sequence.CachedPromptTokens.Should().Be(0, "it computed its prompt itself");
        rig.Loop.Prompts.HitTokens.Should().Be(0);
        LoopRig.MustBeRight(sequence);
    }

    [Fact]
    public void One_that_was_preempted_takes_no_exact_KV_for_tokens_of_its_own_that_left_early()
    {
        using var rig = new LoopRig().Serve(policy: "top1:0.9");
        var sequence = rig.Submit(LoopRig.Prompt(20, 3), 100);
        while (sequence.Known < 90) rig.Step();
        sequence.RanWhole(0, 80).Should().BeFalse();
        var other = rig.Submit([.. sequence.Tokens], 1);
        rig.Step();
        other.RanWhole(0, 80).Should().BeTrue("they are its prompt");

        rig.Loop.Sequences.PreemptLeast(rig.Blocks).Should().BeTrue();
        rig.RunToEnd();
        LoopRig.MustBeRight(sequence);
        LoopRig.MustBeRight(other);
    }

    [Theory]
    [InlineData(true, 37)]
    [InlineData(false, 37)]
    [InlineData(true, 48)]
    [InlineData(false, 48)]
    [InlineData(true, 1)]
    public void Samples_share_the_KV_of_their_prompt(bool cache, int length)
    {
        using var rig = new LoopRig(new ServingOptions { PrefixCache = cache }).Serve(policy: "top1:0.5");
        var first = rig.Submit(LoopRig.Prompt(length, 1), 40, Sampled);
        rig.Step();
        var samples = Enumerable.Range(2, 3).Select(seed => rig.Submit(LoopRig.Prompt(length, 1), 40, request => Sampled(request) with { Sampling = Sampled(request).Sampling with { Seed = seed } }, source: first)).ToList();
        rig.Step();
        rig.Observer.Last.Rows.Should().Be(4, "one row each");
        samples.Should().OnlyContain(sample => sample.CachedPromptTokens == length - 1 && sample.Source == null);
        rig.RunToEnd();

        foreach (var sequence in (Sequence[])[first, .. samples]) LoopRig.MustBeRight(sequence);
        samples.Append(first).Select(sequence => string.Join(',', LoopRig.Tokens(sequence))).Distinct(StringComparer.Ordinal).Should().HaveCount(4);
        rig.MustBeIdle();
    }

    [Fact]
    public void A_sample_whose_source_is_gone_computes_what_is_not_cached()
    {
        using var rig = new LoopRig().Serve();
        var first = Answer(rig, LoopRig.Prompt(40, 1), 3);
        var sample = rig.Submit(LoopRig.Prompt(40, 1), 20, request => Sampled(request) with { Sampling = Sampled(request).Sampling with { Seed = 9 } }, source: first);
        rig.RunToEnd();
        sample.CachedPromptTokens.Should().Be(32);
        LoopRig.MustBeRight(sample);
    }

    [Fact]
    public void Samples_whose_prompt_fills_the_memory_take_turns()
    {
        // 10 blocks: the prompt takes eight, and each answer two more.
        using var rig = new LoopRig(budget: 1 << 13, slabBytes: 1 << 12).Serve();
        var first = rig.Submit(LoopRig.Prompt(125, 1), 30, Sampled);
        rig.Step();
        var samples = Enumerable.Range(2, 3).Select(seed => rig.Submit(LoopRig.Prompt(125, 1), 30, request => Sampled(request) with { Sampling = Sampled(request).Sampling with { Seed = seed } }, source: first)).ToList();
        rig.RunToEnd();
        foreach (var sequence in (Sequence[])[first, .. samples]) LoopRig.MustBeRight(sequence);
    }

    [Fact]
    public void A_load_takes_what_is_cached_before_what_is_used()
    {
        using var rig = new LoopRig(budget: 8 << 13, slabBytes: 1 << 13).Serve();
        var memory = new KvReclaimer(rig.Budget, rig.Blocks, rig.Loop.Sequences, rig.Routes, rig.Work) { MaxRowsPerStep = 64 };
        for (var i = 0; i < 30; i++) Answer(rig, LoopRig.Prompt(60, i), 10);
        rig.Budget.Free.Should().BeLessThan(1 << 13, "all memory is cached KV");
        var live = Enumerable.Range(50, 4).Select(i => rig.Submit(LoopRig.Prompt(60, i), 10)).ToList();
        rig.Step();

        using (var load = memory.Reserve(6 << 13, kvBytes: 0).Reservation)
        {
            load.Should().NotBeNull();
            live.Should().OnlyContain(sequence => sequence.Kv != null, "two slabs hold all four");
            rig.Verify();
            rig.RunToEnd();
        }

        live.ForEach(LoopRig.MustBeRight);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Whatever_is_cached_preempted_or_evicted_answers_stay_right_and_nobody_finds_what_is_not_his(int seed)
    {
        var random = new Random(seed);
        var options = new ServingOptions { MaxBatchSize = random.Next(4, 12), MaxRowsPerStep = random.Next(12, 80), DefaultCacheShare = 0.2 };
        foreach (var name in (string[])["g1", "g2"]) options.Tenants[name] = new TenantOptions { CacheGroup = "t1", CacheShare = 0.1 };
        using var rig = new LoopRig(options, budget: 6 << 13, slabBytes: 1 << 13, scheduler: seed % 2 == 0 ? new ForcedPreemption() : null);
        var routes = new[] { rig.Route(6, "top1:0.5"), rig.Route(4), rig.Route(6) };
        var sequences = new List<Sequence>();
        for (var step = 0; sequences.Count < 80 || rig.Loop.Sequences.Count > 0; step++)
        {
            if (step == 20_000) Assert.Fail("Somebody starves.");
            if (sequences.Count < 80 && random.Next(3) == 0)
            {
                rig.Routes.Publish(routes[random.Next(routes.Length)]);
                var tenant = new[] { "t1", "t2", "g1", "g2", null }[random.Next(5)];
                int[] prompt = [.. LoopRig.Prompt(random.Next(1, 60), random.Next(2)), .. LoopRig.Prompt(random.Next(10), random.Next(9))];
                var source = sequences.Count > 0 && random.Next(4) == 0 ? sequences[^1] : null;
                if (source is not null) (tenant, prompt) = (source.Request.Tenant, [.. source.Tokens[..source.PromptLength]]);
                sequences.Add(rig.Submit(prompt, random.Next(1, 60), request => request with { Tenant = tenant, Sampling = request.Sampling with { Temperature = random.Next(2), Seed = step } }, source: source));
            }

            rig.Step();
        }

        sequences.ForEach(LoopRig.MustBeRight);
        sequences.Should().Contain(sequence => sequence.CachedPromptTokens > 0);
        for (var i = 0; i < sequences.Count; i++)
        {
            var own = sequences.Take(i).Where(other => ScopeOf(other) == ScopeOf(sequences[i])).Select(other => other.Tokens.CommonPrefixLength(sequences[i].Tokens));
            sequences[i].CachedPromptTokens.Should().BeLessThanOrEqualTo(own.DefaultIfEmpty(0).Max());
        }

        rig.MustBeIdle();
    }

    private static string ScopeOf(Sequence sequence) => sequence.Tenant.StartsWith('g') ? "g" : sequence.Tenant;

    private static GenerationRequest Sampled(GenerationRequest request) => request with { Sampling = request.Sampling with { Temperature = 1 } };

    private static Sequence Answer(LoopRig rig, int[] prompt, int maxTokens, string? tenant = null)
    {
        var sequence = rig.Submit(prompt, maxTokens, request => request with { Tenant = tenant });
        rig.RunToEnd();
        return sequence;
    }
}
