using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>What the attention of some layers has in common, so that they share the preparation of a step.</summary>
/// <param name="Group">Query heads of a key/value head.</param>
/// <param name="Window">Tokens that a token sees; null for all before it.</param>
/// <param name="KvGroup">The group of layers whose blocks are read.</param>
internal readonly record struct AttentionKind(int Group, int? Window, int KvGroup)
{
    /// <summary>The kind of a layer's attention.</summary>
    public static AttentionKind Of(AttentionLayout layout, int kvGroup) => new(layout.Heads / layout.KvHeads, layout.Window, kvGroup);

    /// <summary>Kinds that the layers of a model have.</summary>
    public static int CountOf(ModelArchitecture architecture)
    {
        var groups = KvGroups.Of(architecture);
        return architecture.Stack.Select((layer, i) => Of(layer.Attention, groups.GroupOf(i))).Distinct().Count();
    }
}

/// <summary>How the rows at work attend: prepared for each kind of attention when the first layer of that kind runs.</summary>
/// <param name="constants">What does not change from step to step.</param>
/// <param name="rows">The step.</param>
/// <param name="layers">Layers that may run, from slot 0 on.</param>
/// <param name="mostBytes">Limit of what is gathered, and of masks, as <see cref="AttentionIndex"/> has it.</param>
internal sealed class StepAttention(StepConstants constants, TorchStepRows rows, int layers, long mostBytes) : IDisposable
{
    private readonly Dictionary<AttentionKind, AttentionIndex> indexes = [];

    /// <summary>Attention of a layer.</summary>
    /// <param name="layout">Its attention.</param>
    /// <param name="slot">Where it has keys and values.</param>
    /// <param name="queries">Turned queries <c>[rows, heads x headDim]</c>; rows may lie further apart.</param>
    /// <returns><c>[rows, heads x headDim]</c>.</returns>
    public Tensor Attend(AttentionLayout layout, KvSlot slot, Tensor queries)
    {
        var kind = AttentionKind.Of(layout, slot.Group);
        if (!indexes.TryGetValue(kind, out var index)) indexes.Add(kind, index = new AttentionIndex(constants, rows, kind, layers, mostBytes));
        return index.Attend(layout, slot.Slot, queries);
    }

    public void Dispose()
    {
        foreach (var index in indexes.Values) index.Dispose();
    }
}
