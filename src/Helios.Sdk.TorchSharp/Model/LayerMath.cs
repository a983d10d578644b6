using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Loading;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>
/// A transformer layer as torch operations: 14 or 15 kernels of a Llama layer where one tile attends. Each call frees what it made on the way.
/// </summary>
internal sealed class LayerMath(StepConstants constants)
{
    private readonly FeedForward feedForward = new(constants);

    /// <summary>Runs a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="slot">Where it has keys and values.</param>
    /// <param name="states">Residual stream <c>[rows, hidden]</c>; changed in place.</param>
    /// <param name="index">The rows.</param>
    /// <param name="attention">How they attend.</param>
    public void Run(TorchLayerWeights layer, KvSlot slot, Tensor states, RowIndex index, StepAttention attention)
    {
        using var scope = torch.NewDisposeScope();

        // A parallel branch reads the states as they are before attention changes them.
        var before = layer.Layout.IsParallel ? layer.FeedForwardNorm?.Of(states) ?? states.clone() : null;
        Attend(layer, slot, states, index, attention);
        FeedForward(layer, states, before ?? Norm(layer.FeedForwardNorm, states));
    }

    /// <summary>Writes a layer's keys and values for rows that do not run it.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="slot">Where it has keys and values.</param>
    /// <param name="states">States with which the rows left <c>[rows, hidden]</c>.</param>
    /// <param name="index">The rows.</param>
    public void FillKv(TorchLayerWeights layer, KvSlot slot, Tensor states, RowIndex index)
    {
        using var scope = torch.NewDisposeScope();
        var a = layer.Layout.Attention;
        var projections = layer.KeyValue.Of(Norm(layer.AttentionNorm, states));
        NormHeads(projections, 0, a.KvHeads, a, layer.KeyNorm);
        Turn(projections.narrow(1, 0, a.KvSize), a.KvHeads, a, index.RotationOf(layer.Layer));
        Store(slot, projections, index);
    }

    // Without a norm the input is what goes on.
    private static Tensor Norm(TorchNorm? norm, Tensor x) => norm is null ? x : norm.Of(x);

    private void Attend(TorchLayerWeights layer, KvSlot slot, Tensor states, RowIndex index, StepAttention attention)
    {
        using var scope = torch.NewDisposeScope();
        var a = layer.Layout.Attention;
        var projections = layer.QueryKeyValue.Of(Norm(layer.AttentionNorm, states));
        NormHeads(projections, 0, a.Heads, a, layer.QueryNorm);
        NormHeads(projections, a.QuerySize, a.KvHeads, a, layer.KeyNorm);
        Turn(projections.narrow(1, 0, a.QuerySize + a.KvSize), a.Heads + a.KvHeads, a, index.RotationOf(layer.Layer));
        Store(slot, projections.narrow(1, a.QuerySize, 2L * a.KvSize), index);
        Add(layer.Layout, layer.AttentionOutput, layer.AttentionPostNorm, states, attention.Attend(a, slot, projections.narrow(1, 0, a.QuerySize)));
    }

    private void FeedForward(TorchLayerWeights layer, Tensor states, Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        if (layer.Router is null) Add(layer.Layout, layer.Networks[0].Down, layer.FeedForwardPostNorm, states, Model.FeedForward.Inside(layer.Layout.FeedForward, layer.Networks[0], x));
        else Add(layer.Layout, feedForward.Mix(layer, x), layer.FeedForwardPostNorm, states);
    }

    // A branch's last projection into the residual stream, in place where nothing stands between.
    private void Add(LayerLayout layout, TorchLinear last, TorchNorm? norm, Tensor states, Tensor x)
    {
        if ((norm is null || layout.NormPosition == NormPosition.AfterResidual) && layout.ResidualScale.Equals(1f))
        {
            last.AddTo(states, x);
            NormSum(layout, norm, states);
        }
        else
        {
            Add(layout, last.Of(x), norm, states);
        }
    }

    // A branch's output into the residual stream: norm of the output, scale, addition, norm of the sum.
    private void Add(LayerLayout layout, Tensor output, TorchNorm? norm, Tensor states)
    {
        var branch = layout.NormPosition == NormPosition.AfterResidual ? output : Norm(norm, output);
        states.add_(branch, constants.Number(layout.ResidualScale));
        NormSum(layout, norm, states);
    }

    private static void NormSum(LayerLayout layout, TorchNorm? norm, Tensor states)
    {
        if (layout.NormPosition == NormPosition.AfterResidual && norm is not null) states.copy_(norm.Of(states));
    }

    // In place: some heads of the projections, from an element on.
    private static void NormHeads(Tensor projections, long first, int count, AttentionLayout a, TorchNorm? norm)
    {
        if (norm is null) return;
        var heads = projections.narrow(1, first, (long)count * a.HeadDim);
        var pieces = a.NormsWholeProjection ? heads : heads.unflatten(1, count, a.HeadDim);
        pieces.copy_(norm.Of(pieces));
    }

    // (x1, x2) becomes (x1 cos - x2 sin, x2 cos + x1 sin), x1 and x2 being the halves of what turns of a head.
    private void Turn(Tensor heads, int count, AttentionLayout a, Rotation? rotation)
    {
        if (rotation is null) return;
        var turning = a.Rotary!.Dimensions;
        var halves = turning == a.HeadDim
            ? heads.unflatten(1, count, 2, turning / 2)
            : heads.unflatten(1, count, a.HeadDim).narrow(2, 0, turning).unflatten(2, 2, turning / 2);
        var swapped = halves.flip(2);
        halves.mul_(rotation.Cosines);
        halves.addcmul_(swapped, rotation.Sines, constants.Number(1));
    }

    // What is kept is finite, in the type it is kept in: a masked value counts 0 times, which of infinity or NaN is NaN, and would carry one
    // sequence's into another.
    private void Store(KvSlot slot, Tensor keyValues, RowIndex index)
    {
        var kept = keyValues.dtype == constants.Kv.Type ? keyValues : keyValues.to(constants.Kv.Type);
        kept.nan_to_num_(0, 0, 0);
        index.Store(slot, kept);
    }
}
