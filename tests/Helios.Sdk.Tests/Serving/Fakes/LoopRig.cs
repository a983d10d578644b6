using System.Collections.Immutable;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Serving.Streaming;
using Helios.Sdk.Tests.Adaptation;
using Helios.Sdk.Tests.Serving.Decoding;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Tests.Serving.Fakes;

/// <summary>A serving loop over fake models, stepped by hand; after every step the block pool's invariant is checked.</summary>
internal sealed class LoopRig : IDisposable
{
    public const int Layers = 6;
    public const int Context = 2048;

    private readonly Dictionary<FakeModel, ServedModel> models = [];
    private readonly List<ModelLease> leases = [];
    private readonly Func<int, int?>? window;
    private long lastId;

    public LoopRig(ServingOptions? options = null, long budget = 1 << 20, long slabBytes = 1 << 16, IScheduler? scheduler = null, TimeProvider? time = null, DeviceWork? work = null, Func<int, int?>? window = null)
    {
        this.window = window;
        Options = options ?? new ServingOptions();
        Work = work ?? new DeviceWork(0.05, TimeProvider.System);

        // Without a clock of the test's own, what is planned must not depend on how long the fakes happen to take.
        if (time is null) Options.MaxDecodeStretch = double.PositiveInfinity;
        Store = new FakeKvStore(slabBytes, Options.KvBlockTokens);
        Budget = new MemoryBudget(budget);
        Blocks = new BlockPool(Store, Budget);
        Model = AddModel("fake");
        Time = time ?? TimeProvider.System;
        Loop = new ServingLoop(new ServingParts(Options, scheduler ?? RequestOrders.CreateScheduler(Options, Time), Blocks, Work, Observer, Time), Routes);
    }

    public ServingOptions Options { get; }

    public FakeKvStore Store { get; }

    public MemoryBudget Budget { get; }

    public BlockPool Blocks { get; }

    public Routes Routes { get; } = new();

    public DeviceWork Work { get; }

    public Observed Observer { get; } = new();

    public TimeProvider Time { get; }

    public ServingLoop Loop { get; }

    public FakeModel Model { get; }

    /// <summary>What a block of the first group of layers holds per token.</summary>
    public KvShape KvShape => models[Model].KvParts(Layers).All[0].Shape;

    /// <summary>Leases on models of this rig that were released.</summary>
    public int Released { get; private set; }

    /// <summary>Rotary scaling of models that are added.</summary>
    public RopeScaling? Scaling { get; set; }

    public FakeModel AddModel(string name, ITokenizer? tokenizer = null, int context = Context, params int[] endOfSequence)
    {
        var info = Sample.Model(name, Layers);
        info = info with
        {
            Architecture = info.Architecture with { ContextLength = context, Embedding = info.Architecture.Embedding with { VocabularySize = FakeMath.Vocabulary } },
            EndOfSequenceIds = [.. endOfSequence],
        };
        if (Scaling is { } scaling) info = info with { Architecture = Scaled(info.Architecture, scaling) };
        if (window is not null) info = info with { Architecture = Windowed(info.Architecture, window) };
        var model = new FakeModel(Store, info.Architecture with { ContextLength = 1 << 20 }, Options.MaxRowsPerStep);
        models.Add(model, new ServedModel(info, tokenizer ?? new FakeTokenizer(), model, new ConfidenceSource(new Top1Confidence())));
        return model;
    }

    private static ModelArchitecture Scaled(ModelArchitecture plain, RopeScaling scaling) => plain with
    {
        Stack = plain.Stack.Select(layer => layer with { Attention = layer.Attention with { Rotary = layer.Attention.Rotary! with { Scaling = scaling } } }),
    };

    private static ModelArchitecture Windowed(ModelArchitecture plain, Func<int, int?> window) => plain with
    {
        Stack = new LayerSequence(plain.Stack.Select((layer, i) => layer with { Attention = layer.Attention with { Window = window(i) } })),
    };

    public Route Route(int depth = Layers, string policy = "none", FakeModel? model = null, int? draftDepth = null, IExitPolicy? own = null)
    {
        var served = models[model ?? Model];
        var target = new LoadTarget(served.Info.Name, depth);
        var lease = ModelLease.Create(target, served, () => Released++);
        leases.Add(lease);
        return new Route(new OperatingPoint(target, policy, draftDepth), lease, own ?? ExitPolicyParser.Parse(policy));
    }

    public LoopRig Serve(int depth = Layers, string policy = "none", FakeModel? model = null, int? draftDepth = null)
    {
        Routes.Publish(Route(depth, policy, model, draftDepth));
        return this;
    }

    public static int[] Prompt(int length, int salt) => [.. Enumerable.Range(0, length).Select(i => (i * 7 + salt * 13 + i * i * salt) % FakeMath.Vocabulary)];

    public Sequence Submit(int[] prompt, int maxTokens, Func<GenerationRequest, GenerationRequest>? with = null, Route? pinned = null, string fingerprint = "fake", Sequence? source = null, ITokenizer? tokenizer = null)
    {
        var request = GenerationRequest.FromTokens(prompt) with { MaxTokens = maxTokens };
        request = with?.Invoke(request) ?? request;
        var output = new TokenStream(tokenizer ?? new FakeTokenizer(fingerprint), StopStrings.Of(request.Stop)) { LogProbabilities = AnswerLogProbabilities.For(request) };
        var sequence = new Sequence(new RequestId(++lastId), request, request.Sampling.Seed ?? 1, new EncodedPrompt(prompt, fingerprint), output, Time.GetTimestamp());
        if (pinned is not null) sequence.Assign(pinned, pinned.Lease.TryShare()!);
        sequence.Source = source;
        Loop.Submit(sequence);
        return sequence;
    }

    public bool Step()
    {
        var ran = Loop.Step();
        Verify();
        return ran;
    }

    public void RunToEnd(int maxSteps = 20_000)
    {
        Step();
        for (var steps = 0; Loop.Sequences.Count > 0; steps++)
        {
            if (steps == maxSteps) throw new InvalidOperationException($"{Loop.Sequences.Count} sequences live after {maxSteps} steps.");
            Step();
        }
    }

    public void Verify()
    {
        Blocks.Verify(Loop.Sequences.All.Select(sequence => sequence.Kv).OfType<KvTables>().SelectMany(kv => kv.Tables.ToArray()));
        var running = 0;
        foreach (var sequence in Loop.Sequences.All)
        {
            if (sequence.Kv is not null) running++;
            if (sequence.Computed < 0 || sequence.Computed >= sequence.Known) throw new InvalidOperationException($"{sequence.Computed} of {sequence.Known} tokens are computed.");
            if (sequence.Kv is null && sequence.Computed > 0) throw new InvalidOperationException("Tokens are computed, but there is no KV.");
        }

        if (running != Loop.Sequences.Running) throw new InvalidOperationException($"{running} sequences hold KV; {Loop.Sequences.Running} are counted.");
    }

    /// <summary>Everything has ended and nothing is left behind.</summary>
    public void MustBeIdle()
    {
        Loop.Sequences.Count.Should().Be(0);
        Loop.Sequences.Running.Should().Be(0);
        Loop.Sequences.HostBytes.Should().Be(0);
        Blocks.UsedBytes.Should().Be(0);
    }

    public static int[] Tokens(Sequence sequence) => [.. Enumerable.Range(0, sequence.Output.Progress.Count).Select(i => sequence.Output[i].Id)];

    public static int[] Depths(Sequence sequence) => [.. Enumerable.Range(0, sequence.Output.Progress.Count).Select(i => sequence.Output[i].Depth)];

    public static FinishReason? Reason(Sequence sequence) => sequence.Output.Progress.End?.Reason;

    /// <summary>Its answer is whole and what the reference says, token by token and depth by depth.</summary>
    public static void MustBeRight(Sequence sequence) => MustBeRight(sequence, easy: 0);

    /// <inheritdoc cref="MustBeRight(Sequence)"/>
    public static void MustBeRight(Sequence sequence, int easy)
    {
        var (tokens, depths) = Expected(sequence, easy: easy);
        Tokens(sequence).Should().Equal(tokens);
        Depths(sequence).Should().Equal(depths);
        Reason(sequence).Should().Be(FinishReason.Length);
    }

    public static (int[] Tokens, int[] Depths) Expected(Sequence sequence, int? count = null, int easy = 0)
    {
        var route = sequence.Route!;
        var checks = route.CheckDepths;
        var stack = route.Lease.Served.Info.Architecture.Stack;
        var reference = new FakeReference(route.Depth)
        {
            Window = layer => stack[layer].Attention.Window,
            Easy = easy,
            Leaves = (depth, signal) => checks.Contains(depth) && Leaves(route.Policy, depth, signal),
            Edit = sequence.Edit is null ? null : (tokens, logits) => ReferenceEdit.Apply(sequence.Request, tokens, sequence.PromptLength, logits),
        };
        return reference.Answer(
            [.. sequence.Tokens[..sequence.PromptLength]],
            count ?? sequence.MaxTokens,
            sequence.Sampling.Temperature,
            position => CounterRandom.Uniform(sequence.Seed, position));
    }

    public void Dispose()
    {
        foreach (var lease in leases) lease.Dispose();
        Blocks.Dispose();
        Store.Dispose();
        Budget.Used.Should().Be(0);
    }

    private static bool Leaves(IExitPolicy policy, int depth, ExitSignal signal)
    {
        signal.Confidence = signal.Top1;
        var leave = new bool[1];
        policy.Decide(depth, [signal], leave);
        return leave[0];
    }
}
