using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Simulation;

/// <summary>A model of the script as the adaptation loop knows models, and what of it is on the device.</summary>
internal sealed class ScriptedModel
{
    private readonly ExitBehaviour[][] behaviours;
    private readonly int[] claims;

    /// <param name="model">The model.</param>
    /// <param name="kinds">Kinds of text, in the order by which requests name them.</param>
    public ScriptedModel(SimulatedModel model, IReadOnlyList<string> kinds)
    {
        Script = model;
        Depths = [.. model.Texts.First().Value.Select(exit => exit.Depth)];
        behaviours = [.. kinds.Select(kind => model.Texts[kind].Select(exit => new ExitBehaviour(exit)).ToArray())];
        claims = new int[model.Layers + 1];
        RowsTo = new int[model.Layers + 1];
        ContextTo = new long[model.Layers + 1];
        Layer = new CostLine(model.Costs.Layer);
        Head = new CostLine(model.Costs.Head);
        Size = new LoadSize(model.FixedBytes, [.. Enumerable.Repeat(model.LayerBytes, model.Layers)]);
    }

    public SimulatedModel Script { get; }

    public string Name => Script.Name;

    /// <summary>Exits, ascending; the last is the full depth.</summary>
    public ImmutableArray<int> Depths { get; }

    public LoadSize Size { get; }

    /// <summary>What its candidate has learnt of its confidence; null when no adaptation loop runs.</summary>
    public ConfidenceSource? Confidence { get; private set; }

    /// <summary>Seconds of a layer, and of the head, by rows.</summary>
    public CostLine Layer { get; }

    public CostLine Head { get; }

    /// <summary>Of the step under way: rows that end at a depth, and tokens that these attend to; and rows that are sampled.</summary>
    public int[] RowsTo { get; }

    public long[] ContextTo { get; }

    public int SampledRows { get; set; }

    /// <summary>Layers on the device: the deepest claim; null when nothing is.</summary>
    public int? Resident { get; private set; }

    /// <summary>Bytes on the device.</summary>
    public long ResidentBytes => Resident is { } depth ? Size.ToDepth(depth) + Script.WorkspaceBytes : 0;

    public void Claim(int depth)
    {
        claims[depth]++;
        if (Resident is not { } resident || depth > resident) Resident = depth;
    }

    public void Drop(int depth)
    {
        if (--claims[depth] > 0 || depth < Resident) return;
        var left = Array.FindLastIndex(claims, count => count > 0);
        Resident = left < 0 ? null : left;
    }

    public long BytesToLoad(int depth) => Resident is { } resident
        ? Math.Max(0, Size.ToDepth(depth) - Size.ToDepth(resident))
        : Size.ToDepth(depth) + Script.WorkspaceBytes;

    /// <param name="kind">Index of the kind of text.</param>
    /// <param name="exit">Index into <see cref="Depths"/>.</param>
    public ExitBehaviour At(int kind, int exit) => behaviours[kind][exit];

    /// <summary>The same as a candidate, which has learnt nothing yet.</summary>
    public Candidate ToCandidate(AdaptationOptions options, Pace pace)
    {
        var info = new CheckpointInfo
        {
            Name = Name,
            Path = "",
            Architecture = new ModelArchitecture
            {
                Family = "simulated",
                Layers = Script.Layers,
                HiddenSize = 1,
                Heads = 1,
                KvHeads = Script.KvBytesPerToken,
                HeadDim = 1,
                FeedForwardSize = 1,
                VocabularySize = 2,
                ContextLength = int.MaxValue,
                NormEpsilon = 1e-5f,
                RopeTheta = 10_000,
                TiedHead = true,
            },
            Exits = [.. Depths.Select(depth => new ModelExit(depth))],
            StoredType = TensorType.BF16,
            Parameters = 1,
            Fingerprint = Name,
            Calibration = new SidecarCalibration(
                ExitSignalKind.Top1,
                Depths.ToImmutableDictionary(depth => depth, _ => ImmutableArray.Create(new CalibrationPoint(0, 0), new CalibrationPoint(1, 1)))),
        };
        Confidence = new ConfidenceSource(Calibration.FromSidecar(info));
        return new Candidate(new ModelFacts(info, Size, Script.WorkspaceBytes, Confidence), options, pace);
    }
}

/// <summary>Seconds by rows: linear between the rows given, and beyond them.</summary>
internal sealed class CostLine
{
    private const int Tabulated = 1024;
    private readonly double[] seconds = new double[Tabulated + 1];
    private readonly double slope;

    public CostLine(ImmutableArray<RowCost> costs)
    {
        var last = costs.Length < 2 ? costs[0] : costs[^2];
        slope = costs.Length < 2 ? 0 : (costs[^1].Ms - last.Ms) / (costs[^1].Rows - last.Rows) * 1e-3;
        for (var rows = 1; rows <= Tabulated; rows++)
        {
            var above = 0;
            while (above < costs.Length && costs[above].Rows < rows) above++;
            seconds[rows] = above == costs.Length
                ? costs[^1].Ms * 1e-3 + slope * (rows - costs[^1].Rows)
                : above == 0 ? costs[0].Ms * 1e-3 : Between(costs[above - 1], costs[above], rows);
        }
    }

    public double At(int rows) => rows <= Tabulated ? seconds[rows] : seconds[Tabulated] + slope * (rows - Tabulated);

    private static double Between(RowCost from, RowCost to, int rows) =>
        (from.Ms + (to.Ms - from.Ms) * (rows - from.Rows) / (to.Rows - from.Rows)) * 1e-3;
}
