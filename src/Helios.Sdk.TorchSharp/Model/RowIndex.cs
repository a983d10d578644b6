using TorchSharp;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>
/// What layers need to know of some rows, on the device: how positions turn queries and keys, and where keys and values are written.
/// Copied there once, whatever the number of layers.
/// </summary>
internal sealed class RowIndex : IDisposable
{
    private readonly List<Tensor> held = [];
    private readonly List<Write>[] writes;
    private readonly RotaryTables rotary;
    private readonly Rotation[] rotations;

    /// <summary>Prepares rows of a step.</summary>
    /// <param name="constants">What does not change from step to step.</param>
    /// <param name="rows">The step.</param>
    /// <param name="some">Indices into the step.</param>
    /// <param name="layers">Layers of which rows may keep KV, from slot 0 on.</param>
    public RowIndex(StepConstants constants, TorchStepRows rows, ReadOnlySpan<int> some, int layers)
    {
        var count = some.Length;
        writes = new List<Write>[rows.Groups.Count];
        var size = (2 + (3 * writes.Length)) * count;
        var numbers = constants.Upload.Room<long>(size);
        for (var i = 0; i < count; i++)
        {
            ref readonly var row = ref rows[some[i]];
            numbers[i] = row.TokenId;
            numbers[count + i] = row.Position;
        }

        var pieces = new List<Piece>[writes.Length];
        for (var group = 0; group < pieces.Length; group++)
        {
            var start = (2 + (3 * group)) * count;
            pieces[group] = rows.Slots(group, layers) == 0 ? [] : Locate(constants.Kv.TokensPerBlock, rows, some, group, numbers.Slice(start, 3 * count), start);
        }

        using var scope = torch.NewDisposeScope();
        var device = constants.Upload.ToDevice(size);
        Ids = Hold(device.narrow(0, 0, count));
        Positions = Hold(device.narrow(0, count, count));
        rotary = constants.Rotary;
        rotations = rotary.Turn(constants, Positions, rows, some);
        foreach (var rotation in rotations) held.AddRange([rotation.Cosines, rotation.Sines]);
        for (var group = 0; group < writes.Length; group++)
        {
            writes[group] = [];
            foreach (var (slab, start, length) in pieces[group])
            {
                var places = constants.BySlot(rows.Slots(group, layers), device.narrow(0, start + count, length), device.narrow(0, start + (2 * count), length));
                writes[group].Add(new Write(
                    constants.Tokens(slab, group),
                    pieces[group].Count == 1 ? null : Hold(device.narrow(0, start, length)),
                    Hold(places)));
            }
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
    /// <param name="slot">Where the layer has them.</param>
    /// <param name="keyValues">Keys, then values of each row <c>[rows, 2 x kvHeads x headDim]</c>, in the type of the KV store.</param>
    public void Store(KvSlot slot, Tensor keyValues)
    {
        foreach (var write in writes[slot.Group])
        {
            var source = write.Rows is null ? keyValues : keyValues.index_select(0, write.Rows);
            write.Tokens.index_copy_(0, write.Places.select(0, slot.Slot), source);
        }
    }

    public void Dispose()
    {
        foreach (var tensor in held) tensor.Dispose();
    }

    // Writes which rows go where, slab after slab: the rows, their places in slot 0, and what lies between two slots, each for all rows.
    private static List<Piece> Locate(int tokensPerBlock, TorchStepRows rows, ReadOnlySpan<int> some, int group, Span<long> numbers, int start)
    {
        var (count, at) = (some.Length, 0);
        var slabs = new List<int>();
        foreach (var row in some)
        {
            var slab = rows.BlockOf(row, rows[row].Position, group).Slab;
            if (!slabs.Contains(slab)) slabs.Add(slab);
        }

        var pieces = new List<Piece>(slabs.Count);
        foreach (var slab in slabs)
        {
            var first = at;
            for (var i = 0; i < count; i++)
            {
                var position = rows[some[i]].Position;
                var block = rows.BlockOf(some[i], position, group);
                if (block.Slab != slab) continue;
                numbers[at] = i;
                numbers[at + count] = ((long)block.Index * tokensPerBlock) + position % tokensPerBlock;
                numbers[at + (2 * count)] = rows.SlotUnits(some[i], group) * tokensPerBlock;
                at++;
            }

            pieces.Add(new Piece(slab, start + first, at - first));
        }

        return pieces;
    }

    private Tensor Hold(Tensor tensor)
    {
        held.Add(tensor);
        return tensor;
    }

    /// <summary>Which of the numbers are for a slab.</summary>
    private readonly record struct Piece(int Slab, int Start, int Count);

    /// <summary>Rows whose tokens lie in one slab.</summary>
    /// <param name="Tokens">The slab <c>[tokens x layers, 2 x kvHeads x headDim]</c>.</param>
    /// <param name="Rows">The rows; null for all.</param>
    /// <param name="Places">By slot, where each row goes <c>[slots, rows]</c>.</param>
    private sealed record Write(Tensor Tokens, Tensor? Rows, Tensor Places);
}
