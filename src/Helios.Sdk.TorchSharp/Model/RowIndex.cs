using Helios.Sdk.Backends;
using Helios.Sdk.TorchSharp.Memory;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>
/// What layers need to know of some rows, on the device: how positions turn queries and keys, and where keys and values are written.
/// Copied there once, whatever the number of layers.
/// </summary>
internal sealed class RowIndex : IDisposable
{
    private readonly List<Tensor> held = [];
    private readonly List<Write> writes = [];
    private readonly RotaryTables rotary;
    private readonly Rotation[] rotations;

    /// <summary>Prepares rows of a step.</summary>
    /// <param name="constants">What does not change from step to step.</param>
    /// <param name="rows">The step.</param>
    /// <param name="some">Indices into the step.</param>
    /// <param name="layers">Layers of which rows may keep KV, from slot 0 on.</param>
    public RowIndex(StepConstants constants, TorchStepRows rows, ReadOnlySpan<int> some, int layers)
    {
        var kv = constants.Kv;
        var count = some.Length;
        var numbers = constants.Upload.Room<long>(5 * count);
        var slabs = new List<int>();
        for (var i = 0; i < count; i++)
        {
            ref readonly var row = ref rows[some[i]];
            numbers[i] = row.TokenId;
            numbers[count + i] = row.Position;
            var slab = rows.BlockOf(some[i], row.Position).Slab;
            if (!slabs.Contains(slab)) slabs.Add(slab);
        }

        var at = 2 * count;
        var pieces = new List<(int Slab, int Start, int Count)>(slabs.Count);
        foreach (var slab in slabs)
        {
            var start = at;
            for (var i = 0; i < count; i++)
            {
                ref readonly var row = ref rows[some[i]];
                var block = rows.BlockOf(some[i], row.Position);
                if (block.Slab != slab) continue;
                numbers[at] = i;
                numbers[at + count] = ((long)block.Index * kv.TokensPerBlock) + row.Position % kv.TokensPerBlock;
                numbers[at + (2 * count)] = rows.SlotUnits(some[i]) * kv.TokensPerBlock;
                at++;
            }

            pieces.Add((slab, start, at - start));
        }

        using var scope = torch.NewDisposeScope();
        var device = constants.Upload.ToDevice(5 * count);
        Ids = Hold(device.narrow(0, 0, count));
        Positions = Hold(device.narrow(0, count, count));
        rotary = constants.Rotary;
        rotations = rotary.Turn(constants, Positions, rows, some);
        foreach (var rotation in rotations) held.AddRange([rotation.Cosines, rotation.Sines]);
        foreach (var (slab, start, length) in pieces)
        {
            var places = constants.BySlot(layers, device.narrow(0, start + count, length), device.narrow(0, start + (2 * count), length));
            writes.Add(new Write(
                constants.Tokens(slab),
                pieces.Count == 1 ? null : Hold(device.narrow(0, start, length)),
                Hold(places)));
        }

        foreach (var tensor in held) tensor.DetachFromDisposeScope();
    }

    /// <summary>Token ids <c>[rows]</c>.</summary>
    public Tensor Ids { get; }

    /// <summary>Positions <c>[rows]</c>.</summary>
    public Tensor Positions { get; }

    /// <summary>How the rows turn in a layer; null where it does not turn them.</summary>
    /// <param name="layer">Index of the layer.</param>
    public Rotation? RotationOf(int layer) => rotary.KindOf(layer) is var kind and >= 0 ? rotations[kind] : null;

    /// <summary>Writes keys and values of a layer.</summary>
    /// <param name="slot">Slot of the layer.</param>
    /// <param name="keyValues">Keys, then values of each row <c>[rows, 2 x kvHeads x headDim]</c>, in the type of the KV store.</param>
    public void Store(int slot, Tensor keyValues)
    {
        foreach (var write in writes)
        {
            var source = write.Rows is null ? keyValues : keyValues.index_select(0, write.Rows);
            write.Tokens.index_copy_(0, write.Places.select(0, slot), source);
        }
    }

    public void Dispose()
    {
        foreach (var tensor in held) tensor.Dispose();
    }

    private Tensor Hold(Tensor tensor)
    {
        held.Add(tensor);
        return tensor;
    }

    /// <summary>Rows whose tokens lie in one slab.</summary>
    /// <param name="Tokens">The slab <c>[tokens x layers, 2 x kvHeads x headDim]</c>.</param>
    /// <param name="Rows">The rows; null for all.</param>
    /// <param name="Places">By slot, where each row goes <c>[layers, rows]</c>.</param>
    private sealed record Write(Tensor Tokens, Tensor? Rows, Tensor Places);
}
