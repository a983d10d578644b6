using Helios.Sdk.TorchSharp.Memory;

namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>One layer's weights on the device. Products take their matrices transposed.</summary>
internal sealed class TorchLayerWeights : ILayerWeights
{
    private readonly DeviceBuffer memory;

    public TorchLayerWeights(ModelArchitecture architecture, int layer, LayerPlan plan, PartReader reader, DeviceBuffer memory)
    {
        Architecture = architecture;
        Layer = layer;
        this.memory = memory;
        AttentionNorm = reader.Read(plan.AttentionNorm);
        QueryKeyValue = Transposed(reader.Read(plan.QueryKeyValue));
        KeyValue = memory.Transposed(plan.QueryKeyValue.Offset + (long)architecture.QuerySize * architecture.HiddenSize, 2L * architecture.KvSize, architecture.HiddenSize);
        AttentionOutput = Transposed(reader.Read(plan.AttentionOutput));
        FeedForwardNorm = reader.Read(plan.FeedForwardNorm);
        GateUp = Transposed(reader.Read(plan.GateUp));
        Down = Transposed(reader.Read(plan.Down));
        ExitNorm = plan.ExitNorm is { } norm ? reader.Read(norm) : null;
        ExitHead = plan.ExitHead is { } head ? Transposed(reader.Read(head)) : null;
    }

    public ModelArchitecture Architecture { get; }

    public int Layer { get; }

    public long Bytes => memory.Bytes;

    /// <summary>Type of all weights.</summary>
    public ScalarType Type => memory.Type;

    /// <summary><c>[2 x hidden]</c>, see <see cref="NormPlan"/>.</summary>
    public Tensor AttentionNorm { get; }

    /// <summary><c>[hidden, (heads + 2 x kvHeads) x headDim]</c>.</summary>
    public Tensor QueryKeyValue { get; }

    /// <summary>The part of it that makes keys and values, <c>[hidden, 2 x kvHeads x headDim]</c>.</summary>
    public Tensor KeyValue { get; }

    /// <summary><c>[heads x headDim, hidden]</c>.</summary>
    public Tensor AttentionOutput { get; }

    /// <summary><c>[2 x hidden]</c>, see <see cref="NormPlan"/>.</summary>
    public Tensor FeedForwardNorm { get; }

    /// <summary>Gate, then up, <c>[hidden, 2 x feedForward]</c>.</summary>
    public Tensor GateUp { get; }

    /// <summary><c>[feedForward, hidden]</c>.</summary>
    public Tensor Down { get; }

    /// <summary>Norm of the exit behind this layer; null where it shares the final one.</summary>
    public Tensor? ExitNorm { get; }

    /// <summary>Head of the exit behind this layer, <c>[hidden, vocabulary]</c>; null where it shares the final one.</summary>
    public Tensor? ExitHead { get; }

    public void Dispose() => memory.Dispose();

    private Tensor Transposed(MatrixPlan plan) => memory.Transposed(plan.Offset, plan.Rows, plan.Columns);
}

/// <summary>Embedding, final norm and head on the device.</summary>
internal sealed class TorchFixedPart : IFixedPart
{
    private readonly DeviceBuffer memory;

    public TorchFixedPart(ModelArchitecture architecture, FixedPlan plan, PartReader reader, DeviceBuffer memory)
    {
        Architecture = architecture;
        this.memory = memory;
        FinalNorm = reader.Read(plan.FinalNorm);
        Head = memory.Transposed(reader.Read(plan.Head).Offset, plan.Head.Rows, plan.Head.Columns);
        if (plan.Embedding != plan.Head) reader.Read(plan.Embedding);
        Embedding = memory.View(plan.Embedding.Offset, plan.Embedding.Rows, plan.Embedding.Columns);
    }

    public ModelArchitecture Architecture { get; }

    public long Bytes => memory.Bytes;

    /// <summary>Type of all weights.</summary>
    public ScalarType Type => memory.Type;

    /// <summary><c>[2 x hidden]</c>, see <see cref="NormPlan"/>.</summary>
    public Tensor FinalNorm { get; }

    /// <summary><c>[hidden, vocabulary]</c>.</summary>
    public Tensor Head { get; }

    /// <summary><c>[vocabulary, hidden]</c>.</summary>
    public Tensor Embedding { get; }

    public void Dispose() => memory.Dispose();
}
