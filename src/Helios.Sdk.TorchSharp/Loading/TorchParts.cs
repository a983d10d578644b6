using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Memory;

namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>One layer's weights on the device.</summary>
internal sealed class TorchLayerWeights : ILayerWeights
{
    private readonly DeviceBuffer memory;

    public TorchLayerWeights(ModelArchitecture architecture, int layer, LayerPlan plan, PartReader reader, DeviceBuffer memory)
    {
        Architecture = architecture;
        Layer = layer;
        (this.memory, Type) = (memory, plan.Type);
        AttentionNorm = reader.Read(plan.AttentionNorm);
        QueryKeyValue = reader.Read(plan.QueryKeyValue);
        KeyValue = reader.Part(plan.QueryKeyValue, QueryKeyValue, architecture.Stack[0].Attention.QuerySize, 2L * architecture.Stack[0].Attention.KvSize);
        AttentionOutput = reader.Read(plan.AttentionOutput);
        FeedForwardNorm = reader.Read(plan.FeedForwardNorm);
        GateUp = reader.Read(plan.GateUp);
        Down = reader.Read(plan.Down);
        ExitNorm = plan.ExitNorm is { } norm ? reader.Read(norm) : null;
        ExitHead = plan.ExitHead is { } head ? reader.Read(head) : null;
    }

    public ModelArchitecture Architecture { get; }

    public int Layer { get; }

    public long Bytes => memory.Bytes;

    /// <summary>Type of activations.</summary>
    public ScalarType Type { get; }

    /// <summary><c>[hidden]</c>.</summary>
    public Tensor AttentionNorm { get; }

    /// <summary><c>[(heads + 2 x kvHeads) x headDim, hidden]</c>.</summary>
    public WeightMatrix QueryKeyValue { get; }

    /// <summary>The part of it that makes keys and values, <c>[2 x kvHeads x headDim, hidden]</c>.</summary>
    public WeightMatrix KeyValue { get; }

    /// <summary><c>[hidden, heads x headDim]</c>.</summary>
    public WeightMatrix AttentionOutput { get; }

    /// <summary><c>[hidden]</c>.</summary>
    public Tensor FeedForwardNorm { get; }

    /// <summary>Gate, then up, <c>[2 x feedForward, hidden]</c>.</summary>
    public WeightMatrix GateUp { get; }

    /// <summary><c>[hidden, feedForward]</c>.</summary>
    public WeightMatrix Down { get; }

    /// <summary>Norm of the exit behind this layer; null where it shares the final one.</summary>
    public Tensor? ExitNorm { get; }

    /// <summary>Head of the exit behind this layer, <c>[vocabulary, hidden]</c>; null where it shares the final one.</summary>
    public WeightMatrix? ExitHead { get; }

    public void Dispose() => memory.Dispose();
}

/// <summary>Embedding, final norm and head on the device.</summary>
internal sealed class TorchFixedPart : IFixedPart
{
    private readonly DeviceBuffer memory;

    public TorchFixedPart(ModelArchitecture architecture, FixedPlan plan, PartReader reader, DeviceBuffer memory)
    {
        Architecture = architecture;
        (this.memory, Type) = (memory, plan.Type);
        FinalNorm = reader.Read(plan.FinalNorm);
        Head = reader.Read(plan.Head);
        Embedding = plan.Embedding == plan.Head ? Head : reader.Read(plan.Embedding);
    }

    public ModelArchitecture Architecture { get; }

    public long Bytes => memory.Bytes;

    /// <summary>Type of activations.</summary>
    public ScalarType Type { get; }

    /// <summary><c>[hidden]</c>.</summary>
    public Tensor FinalNorm { get; }

    /// <summary><c>[vocabulary, hidden]</c>.</summary>
    public WeightMatrix Head { get; }

    /// <summary><c>[vocabulary, hidden]</c>.</summary>
    public WeightMatrix Embedding { get; }

    public void Dispose() => memory.Dispose();
}
