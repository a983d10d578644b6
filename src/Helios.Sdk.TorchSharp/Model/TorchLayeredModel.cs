using System.Runtime.InteropServices;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Loading;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>
/// A model on torch. Every call runs in a dispose scope of its own, so that what a step leaves behind is the states of its rows alone.
/// </summary>
internal sealed class TorchLayeredModel : LayeredModel<TorchLayerWeights>
{
    private readonly TorchFixedPart fixedPart;
    private readonly ModelArchitecture architecture;
    private readonly TorchStepRows rows;
    private readonly StepConstants constants;
    private readonly LayerMath math;
    private readonly HeadReader heads;
    private readonly long attentionBytes;
    private readonly ActivationClaim claim;
    private RowIndex? index;
    private StepAttention? attention;
    private int indexed;

    // States of the rows at work, in order [active, hidden], and of all others in their places [rows, hidden]. Either may be null while
    // it holds nothing.
    private Tensor? walking;
    private Tensor? resting;

    public TorchLayeredModel(TorchFixedPart fixedPart, TorchStepRows rows, StepConstants constants, long attentionBytes, ActivationClaim claim)
        : base(fixedPart.Architecture, rows)
    {
        this.fixedPart = fixedPart;
        architecture = fixedPart.Architecture;
        this.rows = rows;
        this.constants = constants;
        this.attentionBytes = attentionBytes;
        this.claim = claim;
        math = new LayerMath(constants);
        heads = new HeadReader(fixedPart, constants);
    }

    protected override ModelArchitecture ArchitectureOf(TorchLayerWeights layer) => layer.Architecture;

    protected override void Accept(ReadOnlySpan<TorchLayerWeights> layers)
    {
        foreach (var layer in layers)
        {
            if (layer.Type != fixedPart.Type)
                throw new ArgumentException(Invariant($"Layer {layer.Layer} is held as {layer.Type}, embedding and head as {fixedPart.Type}."), nameof(layers));
        }
    }

    protected override void Embed()
    {
        using var mode = torch.inference_mode();
        using var scope = torch.NewDisposeScope();
        if (rows.ActiveCount == 0)
        {
            Keep(ref walking, null);
            return;
        }

        Prepare();
        Keep(ref walking, EmbeddingOf(index!));
    }

    // The index is made anew by the version of the rows; the states stay.
    protected override void Resume()
    {
    }

    protected override void RunLayer(TorchLayerWeights layer, int slot)
    {
        using var mode = torch.inference_mode();
        Prepare();
        attention ??= new StepAttention(constants, rows, Layers.Length, attentionBytes);
        math.Run(layer, rows.SlotOf(layer.Layer), walking!, index!, attention);
    }

    protected override void BeforeRegroup()
    {
        if (walking is null) return;
        using var mode = torch.inference_mode();
        using var scope = torch.NewDisposeScope();
        if (rows.ActiveCount == rows.Count)
        {
            Keep(ref resting, walking.alias());
            return;
        }

        if (resting is null || resting.shape[0] != rows.Count) Keep(ref resting, torch.empty(rows.Count, architecture.HiddenSize, dtype: constants.Type, device: constants.Device.Handle));
        resting!.index_copy_(0, Places(rows.Active), walking);
    }

    protected override void AfterRegroup()
    {
        using var mode = torch.inference_mode();
        using var scope = torch.NewDisposeScope();
        Keep(ref walking, rows.ActiveCount == 0 ? null : resting!.index_select(0, Places(rows.Active)));
    }

    protected override void FillKv(int firstSlot, ReadOnlySpan<int> retired)
    {
        if (firstSlot >= Layers.Length) return;
        using var mode = torch.inference_mode();
        var filling = new List<int>(retired.Length);
        foreach (var row in retired) filling.Add(row);
        RowIndex? places = null;
        Tensor? states = null;
        try
        {
            for (var slot = firstSlot; slot < Layers.Length; slot++)
            {
                using var scope = torch.NewDisposeScope();
                var before = filling.Count;
                filling.RemoveAll(row => rows[row].KvDepth <= slot);
                if (filling.Count == 0) return;
                if (places is null || filling.Count != before)
                {
                    var some = CollectionsMarshal.AsSpan(filling);
                    places?.Dispose();
                    places = new RowIndex(constants, rows, some, Layers.Length);
                    Keep(ref states, resting!.index_select(0, Places(some)));
                }

                math.FillKv(Layers[slot], rows.SlotOf(Layers[slot].Layer), states!, places);
            }
        }
        finally
        {
            places?.Dispose();
            states?.Dispose();
        }
    }

    protected override void Read(in ExitCheck check, Span<ExitSignal> signals)
    {
        using var mode = torch.inference_mode();
        using var scope = torch.NewDisposeScope();
        var (norm, head) = HeadAt(Depth);
        heads.Read(Transformed(Depth, StatesOf(check.Rows)), norm, head, check, signals);
    }

    // Rows of one depth share norm and head, and so a product.
    protected override void Draw(ReadOnlySpan<SampleRow> draws, Span<SampledToken> tokens)
    {
        using var mode = torch.inference_mode();
        var byDepth = new SortedDictionary<int, List<int>>();
        for (var i = 0; i < draws.Length; i++)
        {
            var depth = rows.DepthOf(draws[i].Row, Depth);
            if (!byDepth.TryGetValue(depth, out var some)) byDepth.Add(depth, some = []);
            some.Add(i);
        }

        foreach (var (depth, some) in byDepth)
        {
            using var scope = torch.NewDisposeScope();
            var (norm, head) = HeadAt(depth);
            var which = new SampleRow[some.Count];
            var places = new int[some.Count];
            var positions = new int[some.Count];
            for (var i = 0; i < which.Length; i++)
            {
                which[i] = draws[some[i]];
                places[i] = which[i].Row;
                positions[i] = rows[which[i].Row].Position;
            }

            var drawn = new SampledToken[which.Length];
            heads.Sample(Transformed(depth, StatesOf(places)), norm, head, which, positions, drawn);
            for (var i = 0; i < drawn.Length; i++) tokens[some[i]] = drawn[i];
        }
    }

    protected override void Free()
    {
        Keep(ref walking, null);
        Keep(ref resting, null);
        index?.Dispose();
        attention?.Dispose();
        constants.Dispose();
        claim.Dispose();
    }

    private static void Keep(ref Tensor? place, Tensor? tensor)
    {
        place?.Dispose();
        place = tensor?.DetachFromDisposeScope();
    }

    private void Prepare()
    {
        if (index is not null && indexed == rows.Version) return;
        index?.Dispose();
        attention?.Dispose();
        (index, attention) = (null, null);
        index = new RowIndex(constants, rows, rows.Active, Layers.Length);
        indexed = rows.Version;
    }

    // Scaled, then projected; learnt positions are as wide as the residual stream.
    private Tensor EmbeddingOf(RowIndex some)
    {
        var embedding = architecture.Embedding;
        var states = fixedPart.Embedding.Pick(some.Ids);
        if (!embedding.Scale.Equals(1f)) states.mul_(constants.Number(embedding.Scale));
        if (fixedPart.EmbeddingProjection is { } projection) states = projection.Product(states);
        if (fixedPart.Positions is { } positions) states.add_(positions.Pick(some.Positions.add(constants.Number(embedding.Positions!.Offset))));
        return states;
    }

    private TorchLayerWeights? LayerBefore(int depth) => depth - 1 - Layers[0].Layer is var slot and >= 0 ? Layers[slot] : null;

    private Tensor Transformed(int depth, Tensor states) => LayerBefore(depth) is { } layer ? ExitStates.Of(layer, states) : states;

    private (TorchNorm? Norm, TorchLinear Head) HeadAt(int depth)
    {
        var layer = LayerBefore(depth);
        return (layer?.ExitNorm ?? fixedPart.FinalNorm, layer?.ExitHead ?? fixedPart.Head);
    }

    // [some, hidden]. Rows that are all there are, as at the end of most steps, are taken as they are.
    private Tensor StatesOf(ReadOnlySpan<int> some)
    {
        if (some.SequenceEqual(rows.Active)) return walking!;
        if (rows.ActiveCount < rows.Count && walking is not null) BeforeRegroup();
        var all = rows.ActiveCount == rows.Count ? walking! : resting!;
        return AreAll(some) ? all : all.index_select(0, Places(some));
    }

    private bool AreAll(ReadOnlySpan<int> some)
    {
        for (var i = 0; i < some.Length; i++)
        {
            if (some[i] != i) return false;
        }

        return some.Length == rows.Count;
    }

    private Tensor Places(ReadOnlySpan<int> some)
    {
        var numbers = constants.Upload.Room<long>(some.Length);
        for (var i = 0; i < some.Length; i++) numbers[i] = some[i];
        return constants.Upload.ToDevice(some.Length);
    }
}
