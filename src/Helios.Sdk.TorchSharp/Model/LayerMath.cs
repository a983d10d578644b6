using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Loading;
using Helios.Sdk.TorchSharp.Operators;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>
/// A transformer layer as torch operations: 14 or 15 kernels where one tile attends. Each call frees what it made on the way.
/// </summary>
internal sealed class LayerMath(ModelArchitecture architecture, StepConstants constants)
{
    /// <summary>Runs a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="slot">Its slot in KV blocks.</param>
    /// <param name="states">Residual stream <c>[rows, hidden]</c>; changed in place.</param>
    /// <param name="index">The rows.</param>
    /// <param name="attention">How they attend.</param>
    public void Run(TorchLayerWeights layer, int slot, Tensor states, RowIndex index, AttentionIndex attention)
    {
        using var scope = torch.NewDisposeScope();
        var (queries, keyValues) = (architecture.Stack[0].Attention.QuerySize, 2L * architecture.Stack[0].Attention.KvSize);
        var projections = layer.QueryKeyValue.Product(Norm(states, layer.AttentionNorm));
        Turn(projections.narrow(1, 0, queries + architecture.Stack[0].Attention.KvSize), architecture.Stack[0].Attention.Heads + architecture.Stack[0].Attention.KvHeads, index);
        Store(slot, projections.narrow(1, queries, keyValues), index);
        layer.AttentionOutput.AddProduct(states, attention.Attend(slot, projections.narrow(1, 0, queries)));

        var gateUp = layer.GateUp.Product(Norm(states, layer.FeedForwardNorm));
        var gate = gateUp.narrow(1, 0, architecture.Stack[0].FeedForward.Size);
        gate.silu_();
        gate.mul_(gateUp.narrow(1, architecture.Stack[0].FeedForward.Size, architecture.Stack[0].FeedForward.Size));
        layer.Down.AddProduct(states, gate);
    }

    /// <summary>Writes a layer's keys and values for rows that do not run it.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="slot">Its slot in KV blocks.</param>
    /// <param name="states">States with which the rows left <c>[rows, hidden]</c>.</param>
    /// <param name="index">The rows.</param>
    public void FillKv(TorchLayerWeights layer, int slot, Tensor states, RowIndex index)
    {
        using var scope = torch.NewDisposeScope();
        var projections = layer.KeyValue.Product(Norm(states, layer.AttentionNorm));
        Turn(projections.narrow(1, 0, architecture.Stack[0].Attention.KvSize), architecture.Stack[0].Attention.KvHeads, index);
        Store(slot, projections, index);
    }

    /// <summary>RMS norm.</summary>
    /// <param name="states"><c>[rows, hidden]</c>.</param>
    /// <param name="weights"><c>[hidden]</c>.</param>
    public Tensor Norm(Tensor states, Tensor weights) => TorchOperators.RmsNorm(states, weights, architecture.Stack[0].Norm.Epsilon);

    // (x1, x2) becomes (x1 cos - x2 sin, x2 cos + x1 sin), x1 and x2 being the halves of a head.
    private void Turn(Tensor heads, int count, RowIndex index)
    {
        var halves = heads.unflatten(1, count, 2, architecture.Stack[0].Attention.HeadDim / 2);
        var swapped = halves.flip(2);
        halves.mul_(index.Cosines);
        halves.addcmul_(swapped, index.Sines, constants.One);
    }

    // What is kept is finite, in the type it is kept in: a masked value counts 0 times, which of infinity or NaN is NaN, and would carry one
    // sequence's into another.
    private void Store(int slot, Tensor keyValues, RowIndex index)
    {
        var kept = keyValues.dtype == constants.Kv.Type ? keyValues : keyValues.to(constants.Kv.Type);
        kept.nan_to_num_(0, 0, 0);
        index.Store(slot, kept);
    }
}
