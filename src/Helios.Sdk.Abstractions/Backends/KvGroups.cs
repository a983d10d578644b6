using Helios.Sdk.Models;

namespace Helios.Sdk.Backends;

/// <summary>
/// Layers of a model whose keys and values share blocks: those of one window and one shape. A sequence has a block table for each group, so that
/// blocks behind a window can be freed while layers that attend to all tokens keep theirs. Most models have one group. Immutable.
/// </summary>
public sealed class KvGroups
{
    private readonly KvState[] states;
    private readonly int[] groups;

    // [group][layer]: layers of the group below a layer, 0..Layers.
    private readonly int[][] below;

    private KvGroups(ModelArchitecture architecture)
    {
        var stack = architecture.Stack;
        var found = new List<KvState>();
        groups = new int[stack.Count];
        for (var layer = 0; layer < stack.Count; layer++)
        {
            if (stack[layer].State is not KvState state)
                throw new NotSupportedException(Invariant($"Layer {layer} keeps a state other than keys and values, which is not supported."));
            groups[layer] = found.IndexOf(state);
            if (groups[layer] >= 0) continue;
            groups[layer] = found.Count;
            found.Add(state);
        }

        states = [.. found];
        below = [.. found.Select((_, group) => CountBelow(group))];
    }

    /// <summary>Number of groups, at least 1.</summary>
    public int Count => states.Length;

    /// <summary>Groups of a model, in order of their first layers.</summary>
    /// <param name="architecture">The model.</param>
    /// <exception cref="NotSupportedException">A layer keeps a state other than keys and values.</exception>
    public static KvGroups Of(ModelArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return new KvGroups(architecture);
    }

    /// <summary>Group of a layer.</summary>
    /// <param name="layer">Layer from 0.</param>
    public int GroupOf(int layer) => groups[layer];

    /// <summary>Tokens that layers of a group attend to, the newest included; null for all.</summary>
    /// <param name="group">Group from 0.</param>
    public int? Window(int group) => states[group].Window;

    /// <summary>What a block of a group holds per token, for some layers of the model; without layers if none of these is in the group.</summary>
    /// <param name="group">Group from 0.</param>
    /// <param name="layers">Layers of the model.</param>
    public KvShape Shape(int group, LayerRange layers) =>
        new(below[group][layers.End] - below[group][layers.Start], states[group].KvHeads, states[group].HeadDim);

    /// <summary>What a sequence keeps for a group.</summary>
    /// <param name="group">Group from 0.</param>
    /// <param name="layers">Layers of the model for which it keeps KV.</param>
    public KvPart Part(int group, LayerRange layers) => new(Shape(group, layers), Window(group));

    /// <summary>Place of a layer in the blocks of its group.</summary>
    /// <param name="layer">Layer from 0.</param>
    /// <param name="firstLayer">First layer of the model for which the blocks hold keys and values.</param>
    public int SlotOf(int layer, int firstLayer)
    {
        var own = below[groups[layer]];
        return own[layer] - own[firstLayer];
    }

    /// <summary>First position whose keys and values a row needs in layers of a group.</summary>
    /// <param name="group">Group from 0.</param>
    /// <param name="position">Position of the row.</param>
    public int FirstNeeded(int group, int position) => new KvPart(default, Window(group)).FirstNeeded(position);

    private int[] CountBelow(int group)
    {
        var counts = new int[groups.Length + 1];
        for (var layer = 0; layer < groups.Length; layer++) counts[layer + 1] = counts[layer] + (groups[layer] == group ? 1 : 0);
        return counts;
    }
}

/// <summary>KV that a sequence keeps for one of the <see cref="KvGroups"/>.</summary>
/// <param name="Shape">What a block holds per token; without layers, nothing is kept.</param>
/// <param name="Window">Tokens that are attended to, the newest included; null for all.</param>
public readonly record struct KvPart(KvShape Shape, int? Window)
{
    /// <summary>First position whose keys and values a row needs.</summary>
    /// <param name="position">Position of the row.</param>
    public int FirstNeeded(int position) => Window is { } window ? Math.Max(0, position - window + 1) : 0;

    /// <summary>Most blocks that a sequence holds at a time: for all of its tokens, or for a window, the rows of a step, and a block at either end.</summary>
    /// <param name="tokens">Tokens of the sequence.</param>
    /// <param name="rows">Most of them that a step computes.</param>
    /// <param name="tokensPerBlock">Tokens of a block.</param>
    public int MostBlocks(int tokens, int rows, int tokensPerBlock)
    {
        if (Shape.Layers == 0) return 0;
        var held = Window is { } window ? Math.Min(tokens, (long)window + rows + 2L * tokensPerBlock) : tokens;
        return (int)((held + tokensPerBlock - 1) / tokensPerBlock);
    }
}
