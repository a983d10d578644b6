namespace Helios.Sdk.Models;

/// <summary>
/// What an exit computes of the residual stream before its norm and head, with weights of its own; they belong to the last layer that runs before the
/// exit. A backend that does not compute one refuses the model.
/// </summary>
public abstract record ExitTransform
{
    private protected ExitTransform()
    {
    }

    /// <summary>Weights of its projections, which every row of an exit check passes through.</summary>
    /// <param name="hidden">Width of the residual stream.</param>
    public abstract long Weights(int hidden);

    /// <summary>Its tensors.</summary>
    /// <param name="layer">Index of the last layer before the exit, for the keys.</param>
    /// <param name="hidden">Width of the residual stream.</param>
    public abstract IEnumerable<TensorSpec> Tensors(int layer, int hidden);
}

/// <summary>
/// A learnt map to the final state (Belrose et al., 2023): y = n(h) Wᵀ + b, of which norm and head are computed. n is the model's final norm without its weight and bias.
/// </summary>
/// <param name="HasBias">Whether it has b.</param>
public sealed record ExitMap(bool HasBias) : ExitTransform
{
    /// <inheritdoc/>
    public override long Weights(int hidden) => (long)hidden * hidden;

    /// <inheritdoc/>
    public override IEnumerable<TensorSpec> Tensors(int layer, int hidden) => TensorSpec.Linear(new(TensorRole.ExitMap, layer), hidden, hidden, HasBias);
}

/// <summary>A feed-forward network of the exit's own, as in EE-LLM: h + f(n(h)), of which norm and head are computed.</summary>
/// <param name="Network">The network, without experts.</param>
/// <param name="Norm">Norm of its input.</param>
public sealed record ExitFeedForward(FeedForwardLayout Network, NormLayout Norm) : ExitTransform
{
    /// <inheritdoc/>
    public override long Weights(int hidden) => (Network.IsGated ? 3L : 2) * Network.Size * hidden;

    /// <inheritdoc/>
    public override IEnumerable<TensorSpec> Tensors(int layer, int hidden)
    {
        var norm = TensorSpec.Norm(TensorRole.ExitFeedForwardNorm, layer, hidden, Norm);
        var gate = Network.IsGated ? TensorSpec.Linear(new(TensorRole.ExitGate, layer), Network.Size, hidden, Network.HasBias) : [];
        return norm.Concat(gate)
            .Concat(TensorSpec.Linear(new(TensorRole.ExitUp, layer), Network.Size, hidden, Network.HasBias))
            .Concat(TensorSpec.Linear(new(TensorRole.ExitDown, layer), hidden, Network.Size, Network.HasBias));
    }
}
