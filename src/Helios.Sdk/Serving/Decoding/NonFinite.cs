using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Serving.Decoding;

/// <summary>Finds logits that are no distribution by the probability of their likeliest token, which backends work out anyway.</summary>
internal static class NonFinite
{
    /// <summary>What is wrong with the logits behind a depth; null when nothing is.</summary>
    /// <param name="model">The model.</param>
    /// <param name="signal">What they were reduced to.</param>
    /// <param name="depth">Layers that ran.</param>
    /// <param name="finiteAt">Depth at which they were checked last, and were finite; 0 where they were not checked.</param>
    public static NonFiniteLogitsException? At(ServedModel model, in ExitSignal signal, int depth, int finiteAt = 0) =>
        float.IsNaN(signal.Top1) ? Of(model.Info.Name, depth, finiteAt) : null;

    /// <summary>The exception for a model.</summary>
    public static NonFiniteLogitsException Of(string model, int depth, int finiteAt = 0)
    {
        var before = finiteAt > 0 ? Invariant($" After layer {finiteAt} they were still finite.") : "";
        return new NonFiniteLogitsException(Invariant($"The logits of '{model}' are not finite after layer {depth}: some are NaN or infinite.{before} Its weights are damaged, or a number type is too narrow for its activations."))
        {
            Model = model,
            Layers = new LayerRange(finiteAt, depth),
        };
    }
}
