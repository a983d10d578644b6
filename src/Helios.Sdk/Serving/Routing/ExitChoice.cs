using System.Collections.Immutable;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Serving.Routing;

/// <summary>Asks a policy which exits to check in a model served at some depth.</summary>
internal static class ExitChoice
{
    /// <summary>Depths below <paramref name="depth"/>, ascending, at which the policy checks an exit.</summary>
    /// <param name="model">The model.</param>
    /// <param name="depth">Depth served.</param>
    /// <param name="policy">The policy.</param>
    /// <exception cref="HeliosException">The policy, which may be the application's, threw.</exception>
    public static ImmutableArray<int> Of(CheckpointInfo model, int depth, IExitPolicy policy)
    {
        var exits = model.Exits.Select(exit => exit.Depth).Where(exit => exit < depth).ToArray();
        var layout = new ExitLayout
        {
            Depths = exits,
            ServedDepth = depth,
            CheckCost = CheckCost(model.Architecture),
        };
        var checks = new bool[exits.Length];
        try
        {
            policy.ChooseExits(layout, checks);
        }
        catch (Exception error)
        {
            throw new HeliosException(Invariant($"The exit policy '{policy.Name}' failed to choose exits in '{model.Name}' served at {depth} layers: {error.Message}"), error);
        }

        return [.. exits.Where((_, i) => checks[i])];
    }

    /// <summary>Weights of the head, and of the largest map or network before it, over those that a token passes through in a layer, on average.</summary>
    private static double CheckCost(ModelArchitecture model)
    {
        var layers = Enumerable.Range(0, model.Layers).Sum(model.ActiveWeights);
        var transform = model.Stack.Max(layer => layer.ExitTransform?.Weights(model.HiddenSize) ?? 0);
        return ((double)model.VocabularySize * model.Embedding.Width + transform) * model.Layers / layers;
    }
}
