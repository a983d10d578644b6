using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Loading;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>What exits compute of states before their norm and head.</summary>
internal static class ExitStates
{
    /// <summary>What norm and head of the exit behind a layer read.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="states">Residual stream <c>[rows, hidden]</c>; left as it is.</param>
    /// <returns>The states themselves where the exit computes nothing.</returns>
    public static Tensor Of(TorchLayerWeights layer, Tensor states) => layer switch
    {
        { ExitMap: { } map } => map.Of(Normed(layer.Architecture.Head.Norm!, states)),
        { ExitNetwork: { } network, Layout.ExitTransform: ExitFeedForward own } =>
            network.Down.Of(FeedForward.Inside(own.Network, network, layer.ExitFeedForwardNorm!.Of(states))).add_(states),
        _ => states,
    };

    // The norm without its weight and bias, with sums in FP32.
    private static Tensor Normed(NormLayout layout, Tensor states)
    {
        if (layout.Kind == NormKind.Layer) return torch.nn.functional.layer_norm(states, [states.shape[1]], weight: null, bias: null, layout.Epsilon);
        var exact = states.to(ScalarType.Float32);
        return (exact * (exact.square().mean([1], keepdim: true) + layout.Epsilon).rsqrt_()).to(states.dtype);
    }
}
