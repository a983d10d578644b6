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
        (this.memory, Type, Layout) = (memory, plan.Type, plan.Layout);
        AttentionNorm = reader.Read(plan.AttentionNorm);
        QueryKeyValue = reader.Read(plan.QueryKeyValue);
        KeyValue = reader.Part(plan.QueryKeyValue, QueryKeyValue, Layout.Attention.QuerySize, 2L * Layout.Attention.KvSize);
        QueryNorm = reader.Read(plan.QueryNorm);
        KeyNorm = reader.Read(plan.KeyNorm);
        AttentionOutput = reader.Read(plan.AttentionOutput);
        AttentionPostNorm = reader.Read(plan.AttentionPostNorm);
        FeedForwardNorm = reader.Read(plan.FeedForwardNorm);
        Router = plan.Router is { } router ? reader.Read(router) : null;
        Networks = [.. plan.Networks.Select(reader.Read)];
        FeedForwardPostNorm = reader.Read(plan.FeedForwardPostNorm);
        ExitNorm = reader.Read(plan.ExitNorm);
        ExitHead = plan.ExitHead is { } head ? new TorchLinear(reader.Read(head), Bias: null) : null;
        ExitMap = plan.ExitMap is { } map ? reader.Read(map) : null;
        ExitFeedForwardNorm = reader.Read(plan.ExitFeedForwardNorm);
        ExitNetwork = plan.ExitNetwork is { } own ? reader.Read(own) : null;
    }

    public ModelArchitecture Architecture { get; }

    public int Layer { get; }

    public LayerLayout Layout { get; }

    public long Bytes => memory.Bytes;

    /// <summary>Type of activations.</summary>
    public ScalarType Type { get; }

    public TorchNorm? AttentionNorm { get; }

    /// <summary><c>[(heads + 2 x kvHeads) x headDim, hidden]</c>.</summary>
    public TorchLinear QueryKeyValue { get; }

    /// <summary>The part of it that makes keys and values, <c>[2 x kvHeads x headDim, hidden]</c>.</summary>
    public TorchLinear KeyValue { get; }

    public TorchNorm? QueryNorm { get; }

    public TorchNorm? KeyNorm { get; }

    /// <summary><c>[hidden, heads x headDim]</c>.</summary>
    public TorchLinear AttentionOutput { get; }

    public TorchNorm? AttentionPostNorm { get; }

    public TorchNorm? FeedForwardNorm { get; }

    /// <summary><c>[experts, hidden]</c> in FP32; null where there are no experts.</summary>
    public WeightMatrix? Router { get; }

    /// <summary>One for each expert; one where there are none.</summary>
    public TorchNetwork[] Networks { get; }

    public TorchNorm? FeedForwardPostNorm { get; }

    /// <summary>Norm of the exit behind this layer; null where it shares the final one.</summary>
    public TorchNorm? ExitNorm { get; }

    /// <summary>Head of the exit behind this layer, <c>[vocabulary, width]</c>; null where it shares the final one.</summary>
    public TorchLinear? ExitHead { get; }

    /// <summary>Map of the exit behind this layer <c>[hidden, hidden]</c>; null without one.</summary>
    public TorchLinear? ExitMap { get; }

    /// <summary>Norm of the input of <see cref="ExitNetwork"/>.</summary>
    public TorchNorm? ExitFeedForwardNorm { get; }

    /// <summary>Feed-forward network of the exit behind this layer; null without one.</summary>
    public TorchNetwork? ExitNetwork { get; }

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
        Embedding = plan.Embedding is { } table ? reader.Read(table) : Head.Weight;
        Positions = plan.Positions is { } learnt ? reader.Read(learnt) : null;
        EmbeddingProjection = plan.EmbeddingProjection is { } into ? reader.Read(into) : null;
        HeadProjection = plan.HeadProjection is { } outOf ? reader.Read(outOf) : null;
    }

    public ModelArchitecture Architecture { get; }

    public long Bytes => memory.Bytes;

    /// <summary>Type of activations.</summary>
    public ScalarType Type { get; }

    /// <summary>Null for a model without one.</summary>
    public TorchNorm? FinalNorm { get; }

    /// <summary><c>[vocabulary, width]</c>.</summary>
    public TorchLinear Head { get; }

    /// <summary><c>[vocabulary, width]</c>.</summary>
    public WeightMatrix Embedding { get; }

    /// <summary>Learned positions <c>[rows, hidden]</c>; null for a model without them.</summary>
    public WeightMatrix? Positions { get; }

    /// <summary><c>[hidden, width]</c>; null where the embedding is as wide as the residual stream.</summary>
    public WeightMatrix? EmbeddingProjection { get; }

    /// <summary><c>[width, hidden]</c>; null where the embedding is as wide as the residual stream.</summary>
    public WeightMatrix? HeadProjection { get; }

    public void Dispose() => memory.Dispose();
}
