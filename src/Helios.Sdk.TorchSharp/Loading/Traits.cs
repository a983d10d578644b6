using Helios.Sdk.Models;

namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>What this backend computes of an architecture.</summary>
internal static class Traits
{
    /// <summary>Refuses a model with a trait that is not computed.</summary>
    /// <exception cref="NotSupportedException">It has one; the message names it.</exception>
    public static void Require(ModelArchitecture architecture)
    {
        var layer = architecture.Stack[0];
        var (a, f) = (layer.Attention, layer.FeedForward);
        Refuse(architecture.Stack.Any(other => other != layer), "layers of several kinds");
        Refuse(architecture.Embedding.Positions is not null, "learned positions");
        Refuse(architecture.Embedding.Width != architecture.HiddenSize, "a projected embedding");
        Refuse(!architecture.Embedding.Scale.Equals(1f) || !layer.ResidualScale.Equals(1f) || !architecture.Head.Scale.Equals(1f), "multipliers");
        Refuse(architecture.Head.SoftCap is not null || a.SoftCap is not null, "soft-caps");
        Refuse(layer.Norm.Kind != NormKind.Rms || architecture.Head.Norm != layer.Norm, "norms other than RMSNorm");
        Refuse(layer.NormPosition != NormPosition.Before || layer.IsParallel, "norms elsewhere than before each branch");
        Refuse(a.HasBias || a.HasOutputBias || f.HasBias || architecture.Head.HasBias, "biases");
        Refuse(!a.Scale.Equals((float)(1 / Math.Sqrt(a.HeadDim))), "an attention scale of its own");
        Refuse(a.Window is not null, "windows");
        Refuse(a.QueryKeyNorm is not null, "norms of queries and keys");
        Refuse(a.Rotary is not { } rotary || rotary.Dimensions != a.HeadDim || rotary.Scaling.DependsOnLength || !rotary.Scaling.AttentionFactor.Equals(1), "rotary positions other than over whole heads");
        Refuse(!f.IsGated || f.Activation != Activation.Silu, "feed-forward parts other than SwiGLU");
        Refuse(f.Experts is not null, "experts");

        void Refuse(bool has, string trait)
        {
            if (has) throw new NotSupportedException($"The TorchSharp backend does not compute a {architecture.Family} model: it has {trait}.");
        }
    }
}
