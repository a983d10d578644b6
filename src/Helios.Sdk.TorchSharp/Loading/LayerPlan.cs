using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Devices;

namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>Where everything of a layer goes.</summary>
internal sealed class LayerPlan
{
    public LayerPlan(ICheckpoint checkpoint, int layer, Precision precision, TorchDevice device)
    {
        var architecture = checkpoint.Info.Architecture;
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, architecture.Layers);
        Layout = architecture.Stack[layer];
        if (Layout.State is not KvState) throw new NotSupportedException(Invariant($"The TorchSharp backend does not keep the state of layer {layer}, {Layout.State}."));
        var plan = new PartPlan(checkpoint, precision, device);
        var (norm, queryKeyNorm) = (Layout.Norm, Layout.Attention.QueryKeyNorm);
        AttentionNorm = plan.TryNorm(TensorRole.AttentionNorm, norm, layer);
        QueryKeyValue = plan.Linear(new(TensorRole.Query, layer), new(TensorRole.Key, layer), new(TensorRole.Value, layer));
        QueryNorm = plan.TryNorm(TensorRole.QueryNorm, queryKeyNorm, layer);
        KeyNorm = plan.TryNorm(TensorRole.KeyNorm, queryKeyNorm, layer);
        AttentionOutput = plan.Linear(new TensorKey(TensorRole.AttentionOutput, layer));
        AttentionPostNorm = plan.TryNorm(TensorRole.AttentionPostNorm, norm, layer);
        FeedForwardNorm = plan.TryNorm(TensorRole.FeedForwardNorm, norm, layer);
        Router = plan.TryMatrix(new TensorKey(TensorRole.Router, layer));
        Networks = Layout.FeedForward.Experts is { } experts
            ? [.. Enumerable.Range(0, experts.Count).Select(expert => Network(plan, layer, expert))]
            : [Network(plan, layer, expert: -1)];
        FeedForwardPostNorm = plan.TryNorm(TensorRole.FeedForwardPostNorm, norm, layer);
        ExitNorm = plan.TryNorm(TensorRole.ExitNorm, architecture.Head.Norm, layer);
        ExitHead = plan.TryMatrix(new TensorKey(TensorRole.ExitHead, layer));
        if (Layout.ExitTransform is ExitMap) ExitMap = plan.Linear(new TensorKey(TensorRole.ExitMap, layer));
        if (Layout.ExitTransform is ExitFeedForward own)
        {
            ExitFeedForwardNorm = plan.TryNorm(TensorRole.ExitFeedForwardNorm, own.Norm, layer);
            var up = new TensorKey(TensorRole.ExitUp, layer);
            ExitNetwork = new NetworkPlan(own.Network.IsGated ? plan.Linear(up with { Role = TensorRole.ExitGate }, up) : plan.Linear(up), plan.Linear(up with { Role = TensorRole.ExitDown }));
        }

        (Type, Bytes) = (plan.Type, plan.Bytes);
    }

    public LayerLayout Layout { get; }

    public NormPlan? AttentionNorm { get; }

    public LinearPlan QueryKeyValue { get; }

    public NormPlan? QueryNorm { get; }

    public NormPlan? KeyNorm { get; }

    public LinearPlan AttentionOutput { get; }

    public NormPlan? AttentionPostNorm { get; }

    public NormPlan? FeedForwardNorm { get; }

    public MatrixPlan? Router { get; }

    /// <summary>One for each expert; one where there are none.</summary>
    public IReadOnlyList<NetworkPlan> Networks { get; }

    public NormPlan? FeedForwardPostNorm { get; }

    public NormPlan? ExitNorm { get; }

    public MatrixPlan? ExitHead { get; }

    public LinearPlan? ExitMap { get; }

    public NormPlan? ExitFeedForwardNorm { get; }

    public NetworkPlan? ExitNetwork { get; }

    /// <summary>Type of activations.</summary>
    public ScalarType Type { get; }

    public long Bytes { get; }

    private NetworkPlan Network(PartPlan plan, int layer, int expert)
    {
        var up = new TensorKey(TensorRole.Up, layer, expert);
        return new NetworkPlan(
            Layout.FeedForward.IsGated ? plan.Linear(up with { Role = TensorRole.Gate }, up) : plan.Linear(up),
            plan.Linear(up with { Role = TensorRole.Down }));
    }
}

/// <summary>Where embedding, final norm and head go. A tied head is held once, and embeds too.</summary>
internal sealed class FixedPlan
{
    public FixedPlan(ICheckpoint checkpoint, Precision precision, TorchDevice device)
    {
        var plan = new PartPlan(checkpoint, precision, device);
        var head = checkpoint.Info.Architecture.Head;
        FinalNorm = head.Norm is { } norm ? plan.Norm(TensorRole.FinalNorm, norm) : null;
        Head = head.IsTied ? new LinearPlan(plan.Matrix(new TensorKey(TensorRole.Embedding)), Bias: null) : plan.Linear(new TensorKey(TensorRole.Head));
        Embedding = head.IsTied ? null : plan.Matrix(new TensorKey(TensorRole.Embedding));
        Positions = plan.TryMatrix(new TensorKey(TensorRole.PositionEmbedding));
        EmbeddingProjection = plan.TryMatrix(new TensorKey(TensorRole.EmbeddingProjection));
        HeadProjection = plan.TryMatrix(new TensorKey(TensorRole.HeadProjection));
        (Type, Bytes) = (plan.Type, plan.Bytes);
    }

    public NormPlan? FinalNorm { get; }

    public LinearPlan Head { get; }

    /// <summary>Null where the head is tied, and embeds.</summary>
    public MatrixPlan? Embedding { get; }

    public MatrixPlan? Positions { get; }

    public MatrixPlan? EmbeddingProjection { get; }

    public MatrixPlan? HeadProjection { get; }

    /// <summary>Type of activations.</summary>
    public ScalarType Type { get; }

    public long Bytes { get; }
}
