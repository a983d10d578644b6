namespace Helios.Sdk.Models;

/// <summary>One transformer layer as data. Layers of a kind share one object.</summary>
public sealed record LayerLayout
{
    /// <summary>Its attention.</summary>
    public required AttentionLayout Attention { get; init; }

    /// <summary>Its feed-forward part.</summary>
    public required FeedForwardLayout FeedForward { get; init; }

    /// <summary>All its norms of the residual stream.</summary>
    public required NormLayout Norm { get; init; }

    /// <summary>Where the norms stand.</summary>
    public NormPosition NormPosition { get; init; }

    /// <summary>Whether attention and feed-forward part read the same input, x + f(n1(x)) + g(n2(x)), as in GPT-NeoX.</summary>
    public bool IsParallel { get; init; }

    /// <summary>Factor of what a branch adds to the residual stream.</summary>
    public float ResidualScale { get; init; } = 1;

    /// <summary>What an exit behind this layer computes before its norm and head; null for nothing.</summary>
    public ExitTransform? ExitTransform { get; init; }

    /// <summary>State that the layer keeps for a sequence. A backend refuses kinds that it does not know.</summary>
    public LayerState State => new KvState(Attention.KvHeads, Attention.HeadDim, Attention.Window);

    /// <summary>The tensors of the layer, without those of an exit behind it.</summary>
    /// <param name="layer">Index of the layer, for the keys.</param>
    /// <param name="hidden">Width of the residual stream.</param>
    public IEnumerable<TensorSpec> Tensors(int layer, int hidden)
    {
        var before = NormPosition is NormPosition.Before or NormPosition.Around;
        var after = NormPosition != NormPosition.Before;
        return NormTensors(before, TensorRole.AttentionNorm, layer, hidden)
            .Concat(AttentionTensors(layer, hidden))
            .Concat(NormTensors(after, TensorRole.AttentionPostNorm, layer, hidden))
            .Concat(NormTensors(before, TensorRole.FeedForwardNorm, layer, hidden))
            .Concat(FeedForwardTensors(layer, hidden))
            .Concat(NormTensors(after, TensorRole.FeedForwardPostNorm, layer, hidden));
    }

    private IEnumerable<TensorSpec> NormTensors(bool stands, TensorRole role, int layer, int hidden) => stands ? TensorSpec.Norm(role, layer, hidden, Norm) : [];

    private IEnumerable<TensorSpec> AttentionTensors(int layer, int hidden)
    {
        var a = Attention;
        foreach (var query in TensorSpec.Linear(new(TensorRole.Query, layer), a.QuerySize, hidden, a.HasBias)) yield return query;
        foreach (var key in TensorSpec.Linear(new(TensorRole.Key, layer), a.KvSize, hidden, a.HasBias)) yield return key;
        foreach (var value in TensorSpec.Linear(new(TensorRole.Value, layer), a.KvSize, hidden, a.HasBias)) yield return value;
        if (a.QueryKeyNorm is { } norm)
        {
            foreach (var query in TensorSpec.Norm(TensorRole.QueryNorm, layer, a.NormsWholeProjection ? a.QuerySize : a.HeadDim, norm)) yield return query;
            foreach (var key in TensorSpec.Norm(TensorRole.KeyNorm, layer, a.NormsWholeProjection ? a.KvSize : a.HeadDim, norm)) yield return key;
        }

        foreach (var output in TensorSpec.Linear(new(TensorRole.AttentionOutput, layer), hidden, a.QuerySize, a.HasOutputBias)) yield return output;
    }

    private IEnumerable<TensorSpec> FeedForwardTensors(int layer, int hidden)
    {
        if (FeedForward.Experts is not { } experts) return ProjectionTensors(layer, hidden, expert: -1);
        var router = new TensorSpec(new TensorKey(TensorRole.Router, layer), experts.Count, hidden);
        return Enumerable.Range(0, experts.Count).SelectMany(expert => ProjectionTensors(layer, hidden, expert)).Prepend(router);
    }

    private IEnumerable<TensorSpec> ProjectionTensors(int layer, int hidden, int expert)
    {
        var f = FeedForward;
        if (f.IsGated)
        {
            foreach (var gate in TensorSpec.Linear(new(TensorRole.Gate, layer, expert), f.Size, hidden, f.HasBias)) yield return gate;
        }

        foreach (var up in TensorSpec.Linear(new(TensorRole.Up, layer, expert), f.Size, hidden, f.HasBias)) yield return up;
        foreach (var down in TensorSpec.Linear(new(TensorRole.Down, layer, expert), hidden, f.Size, f.HasBias)) yield return down;
    }
}

/// <summary>State that a layer keeps for a sequence.</summary>
public abstract record LayerState;

/// <summary>Keys and values of every token within a window.</summary>
/// <param name="KvHeads">Key/value heads.</param>
/// <param name="HeadDim">Width of a head, in elements.</param>
/// <param name="Window">Tokens that are needed, the newest included; null for all.</param>
public sealed record KvState(int KvHeads, int HeadDim, int? Window) : LayerState;
