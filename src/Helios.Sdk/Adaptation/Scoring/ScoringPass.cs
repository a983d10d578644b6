using System.Collections.Immutable;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Adaptation.Scoring;

/// <summary>
/// One pass of a group of texts through the layers of a model, a layer at a time: which rows it has, what its exits said, how long
/// it took. Each text has blocks of its own, so that it sees itself alone. Device thread, but for <see cref="Result"/>.
/// </summary>
internal sealed class ScoringPass
{
    private const ExitSignals AllSignals = ExitSignals.Top1 | ExitSignals.Margin | ExitSignals.Entropy;

    private readonly TextGroup group;
    private readonly TimeProvider time;
    private readonly StepAssembly rows;
    private readonly int[] targets;
    private readonly int[] all;
    private readonly List<ExitSignal[]> signals;
    private StepTimes times;
    private int layersRun;

    /// <param name="group">The texts.</param>
    /// <param name="depths">Depths to read signals at, ascending.</param>
    /// <param name="form">How block tables are made.</param>
    /// <param name="time">Clock.</param>
    public ScoringPass(TextGroup group, ImmutableArray<int> depths, TableForm form, TimeProvider time)
    {
        this.group = group;
        this.time = time;
        Depths = depths;
        signals = new List<ExitSignal[]>(depths.Length);
        rows = new StepAssembly(group.Tokens);
        targets = new int[group.Tokens];
        all = [.. Enumerable.Range(0, group.Tokens)];
        var block = 0;
        foreach (var text in group.Texts)
        {
            for (var i = 0; i < text.Length; i++) targets[rows.Count + i] = i + 1 < text.Length ? text[i + 1] : ExitCheck.NoTarget;
            rows.AddText(text.AsSpan(), position: 0, block, kvDepth: 1, text.Length);
            block += (text.Length + form.TokensPerBlock - 1) / form.TokensPerBlock * form.Groups;
        }
    }

    /// <summary>Depths to read signals at, ascending.</summary>
    public ImmutableArray<int> Depths { get; }

    /// <summary>Rows of the batch.</summary>
    public int Rows => rows.Count;

    /// <summary>Runs the next layer, and checks the exit behind it if that is wanted.</summary>
    /// <param name="model">What runs it; nothing else runs on it until the pass is over.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="blocks">Blocks for one layer, as many as the texts fill.</param>
    public void Run(ILayeredModel model, ILayerWeights layer, ReadOnlySpan<KvBlock> blocks)
    {
        model.UseLayers([layer]);
        var started = time.GetTimestamp();
        rows.Begin(model, blocks, resume: layer.Layer > 0);
        var begun = time.GetTimestamp();
        model.Run(new LayerRange(layer.Layer, layer.Layer + 1));
        var ran = time.GetElapsedTime(begun).TotalSeconds;

        // A step embeds once; that it is resumed layer by layer is no cost of the model.
        var embedded = layer.Layer == 0 ? time.GetElapsedTime(started, begun).TotalSeconds : times.Other;
        times = times with { Layers = times.Layers + ran, Other = embedded };
        layersRun++;
        if (!Depths.Contains(layer.Layer + 1)) return;

        var seen = new ExitSignal[rows.Count];
        model.ReadSignals(new ExitCheck { Rows = all, Needs = AllSignals, Targets = targets }, seen);
        signals.Add(seen);
    }

    /// <summary>What came of it, once every layer ran.</summary>
    public ScoredGroup Result()
    {
        var texts = ImmutableArray.CreateBuilder<ScoredText>(group.Texts.Length);
        var first = 0;
        foreach (var text in group.Texts)
        {
            var own = new Range(first, first + text.Length);
            texts.Add(new ScoredText(Depths, group.Texts.Length == 1 ? signals : [.. signals.Select(seen => seen[own])]));
            first += text.Length;
        }

        return new ScoredGroup(texts.MoveToImmutable(), new StepTiming(rows.Count, SampledRows: 0, layersRun, group.ContextTokens, times));
    }
}

/// <summary>How block tables are made.</summary>
/// <param name="TokensPerBlock">Tokens of a KV block.</param>
/// <param name="Groups">Blocks for as many tokens: one for each group of layers.</param>
internal readonly record struct TableForm(int TokensPerBlock, int Groups);
