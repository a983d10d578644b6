using System.Collections.Immutable;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Simulation;

/// <summary>A model of the script, as a checkpoint that the engine can load: what its layers cost, and what its exits are like.</summary>
internal sealed class SimulatedCheckpoint : ICheckpoint
{
    private readonly ExitBehaviour[][] behaviours;
    private readonly int[] exitOfDepth;

    /// <param name="model">The model.</param>
    /// <param name="kinds">Kinds of text, in the order by which requests name them.</param>
    /// <param name="contextLength">Tokens of the longest request.</param>
    public SimulatedCheckpoint(SimulatedModel model, IReadOnlyList<string> kinds, int contextLength)
    {
        Script = model;
        Depths = [.. model.Texts.First().Value.Select(exit => exit.Depth)];
        exitOfDepth = [.. Enumerable.Range(0, model.Layers + 1).Select(depth => Depths.IndexOf(depth))];
        behaviours = [.. kinds.Select(kind => model.Texts[kind].Select(exit => new ExitBehaviour(exit)).ToArray())];
        Layer = new CostLine(model.Costs.Layer);
        Head = new CostLine(model.Costs.Head);
        Info = MakeInfo(contextLength);
    }

    public SimulatedModel Script { get; }

    public CheckpointInfo Info { get; }

    /// <summary>Exits, ascending; the last is the full depth.</summary>
    public ImmutableArray<int> Depths { get; }

    /// <summary>Seconds of a layer by rows.</summary>
    public CostLine Layer { get; }

    /// <summary>Seconds of the head by rows.</summary>
    public CostLine Head { get; }

    /// <summary>Seconds of a step beside layers and head.</summary>
    public double OtherSeconds => Script.Costs.OtherMs * 1e-3;

    /// <summary>How an exit does.</summary>
    /// <param name="kind">Index of the kind of text.</param>
    /// <param name="depth">One of <see cref="Depths"/>.</param>
    public ExitBehaviour At(int kind, int depth) => behaviours[kind][exitOfDepth[depth]];

    /// <summary>Seconds of some layers.</summary>
    /// <param name="layers">How many.</param>
    /// <param name="rows">Rows in the walk.</param>
    /// <param name="context">Tokens that they attend to, all together.</param>
    public double LayerSeconds(int layers, int rows, long context) => layers * (Layer.At(rows) + Script.Costs.ContextNs * 1e-9 * context);

    public bool TryGetTensor(TensorKey key, out StoredTensor tensor) => throw NoTensors();

    public void Read(StoredTensor tensor, long offset, Span<byte> destination) => throw NoTensors();

    public void Dispose()
    {
    }

    private static NotSupportedException NoTensors() => new("A model of a simulation has no tensors.");

    /// <summary>Keys and values of a token in a layer are <see cref="SimulatedModel.KvBytesPerToken"/> heads of one byte; every token of a text is the text's number.</summary>
    private CheckpointInfo MakeInfo(int contextLength) => new()
    {
        Name = Script.Name,
        Path = "",
        Architecture = new LlamaShape
        {
            Layers = Script.Layers,
            HiddenSize = 1,
            Heads = 1,
            KvHeads = Script.KvBytesPerToken,
            HeadDim = 1,
            FeedForwardSize = 1,
            VocabularySize = int.MaxValue,
            ContextLength = contextLength,
            TiedHead = true,
        }.ToArchitecture(),
        Exits = [.. Depths.Select(depth => new ModelExit(depth))],
        StoredType = TensorType.BF16,
        Parameters = 1,
        Fingerprint = Script.Name,
        Calibration = new SidecarCalibration(
            ExitSignalKind.Top1,
            Depths.ToImmutableDictionary(depth => depth, _ => ImmutableArray.Create(new CalibrationPoint(0, 0), new CalibrationPoint(1, 1)))),
    };
}
