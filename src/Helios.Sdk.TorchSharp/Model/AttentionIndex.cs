using System.Buffers;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Devices;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>
/// How the rows at work attend in layers of a kind, on the device: sequences with equally many rows go together, padded to the longest of them, in tiles whose
/// gathered keys and values, and whose masks and scores, keep to a limit. Copied there once, whatever the number of layers.
/// </summary>
internal sealed class AttentionIndex : IDisposable
{
    private readonly StepConstants constants;
    private readonly AttentionKind kind;
    private readonly List<Tensor> held = [];
    private readonly List<AttentionTile> tiles = [];
    private readonly Tensor? order;
    private long maskRoom;

    /// <summary>Prepares the rows at work.</summary>
    /// <param name="constants">What does not change from step to step.</param>
    /// <param name="rows">The step.</param>
    /// <param name="kind">What the attention of the layers has in common.</param>
    /// <param name="layers">Layers that may run, from slot 0 on.</param>
    /// <param name="mostBytes">
    /// Most bytes gathered at one time, but at least those of a sequence; most bytes of masks and scores, but at least those of a row; and most
    /// bytes of masks that all kinds together keep for all layers: others are made for each.
    /// </param>
    public AttentionIndex(StepConstants constants, TorchStepRows rows, AttentionKind kind, int layers, long mostBytes)
    {
        (this.constants, this.kind) = (constants, kind);
        maskRoom = mostBytes / constants.AttentionKinds;
        using var scope = torch.NewDisposeScope();
        var unitBytes = rows.UnitElements(kind.KvGroup) * Math.Max(Elements.BytesOf(constants.Kv.Type), Elements.BytesOf(constants.Type));
        var slots = rows.Slots(kind.KvGroup, layers);
        var rowBytes = constants.Kv.TokensPerBlock * constants.AttendedBytes;
        var placed = new List<int>(rows.ActiveCount);
        foreach (var group in Cut(rows, mostBytes / rowBytes).GroupBy(part => part.Rows))
        {
            var some = new List<Part>();
            var most = 0;
            foreach (var part in group)
            {
                // Where it lies, it is read without being gathered: worth a call of its own from so many bytes on.
                if (part.Blocks * unitBytes >= constants.Device.GatherBytes && FollowEachOther(rows, part))
                {
                    Add(rows, [part], slots, placed);
                    continue;
                }

                var blocks = Math.Max(most, part.Blocks);
                if (some.Count > 0 && (some.Count + 1L) * blocks * Math.Max(unitBytes, part.Rows * rowBytes) > mostBytes)
                {
                    Add(rows, some, slots, placed);
                    (some, blocks) = ([], part.Blocks);
                }

                some.Add(part);
                most = blocks;
            }

            if (some.Count > 0) Add(rows, some, slots, placed);
        }

        // Tiles give their rows one after another; usually that is the order of the step.
        if (placed.Where((row, i) => row != i).Any())
        {
            var back = constants.Upload.Room<long>(placed.Count);
            for (var i = 0; i < placed.Count; i++) back[placed[i]] = i;
            order = Hold(constants.Upload.ToDevice(placed.Count));
        }

        foreach (var tensor in held) tensor.DetachFromDisposeScope();
    }

    /// <summary>Attention of a layer.</summary>
    /// <param name="layout">Its attention.</param>
    /// <param name="slot">Slot of the layer.</param>
    /// <param name="queries">Turned queries <c>[rows, heads x headDim]</c>; rows may lie further apart.</param>
    /// <returns><c>[rows, heads x headDim]</c>.</returns>
    public Tensor Attend(AttentionLayout layout, int slot, Tensor queries)
    {
        if (tiles is [var only]) return InOrder(only.Attend(constants, layout, slot, queries));
        var results = new Tensor[tiles.Count];
        for (var i = 0; i < results.Length; i++)
        {
            // What one tile gathered goes before the next one gathers.
            using var scope = torch.NewDisposeScope();
            results[i] = tiles[i].Attend(constants, layout, slot, queries).MoveToOuterDisposeScope();
        }

        return InOrder(torch.cat(results));
    }

    public void Dispose()
    {
        foreach (var tensor in held) tensor.Dispose();
    }

    private Tensor InOrder(Tensor results) => order is null ? results : results.index_select(0, order);

    // Parts of runs whose masks and scores, of rows times blocks, keep to a limit.
    private IEnumerable<Part> Cut(TorchStepRows rows, long mostRowBlocks)
    {
        foreach (var run in rows.Runs)
        {
            var most = (int)Math.Clamp(mostRowBlocks / BlocksOf(run.Length), 1, run.Rows);
            for (var start = 0; start < run.Rows; start += most)
            {
                var count = Math.Min(most, run.Rows - start);
                var (first, last) = (rows.Active[run.Start + start], rows.Active[run.Start + start + count - 1]);
                var block = kind.Window is { } window ? Math.Max(0, rows[first].Position - window + 1) / constants.Kv.TokensPerBlock : 0;
                yield return new Part(run.Start + start, count, block, BlocksOf(rows[last].Position + 1) - block);
            }
        }
    }

    private int BlocksOf(int length) => (length + constants.Kv.TokensPerBlock - 1) / constants.Kv.TokensPerBlock;

    private void Add(TorchStepRows rows, List<Part> parts, int slots, List<int> placed)
    {
        var (sequences, each, blocks) = (parts.Count, parts[0].Rows, parts.Max(part => part.Blocks));
        var (count, units) = (sequences * each, sequences * blocks);
        var whole = sequences == 1 && FollowEachOther(rows, parts[0]);
        if (whole) units = 0;

        // Places of rows, and of their own tokens among those gathered; of units that are gathered places, numbers in slot 0, and what lies
        // between two slots.
        var size = (2 * count) + (3 * units);
        var numbers = constants.Upload.Room<long>(size);
        var contiguous = true;
        for (var (s, i) = (0, 0); s < sequences; s++)
        {
            for (var r = 0; r < each; r++, i++)
            {
                var place = parts[s].Start + r;
                contiguous &= place == parts[0].Start + i;
                numbers[i] = place;
                numbers[count + i] = rows[rows.Active[place]].Position - FirstToken(parts[s]);
                placed.Add(place);
            }
        }

        var end = (int)numbers[(2 * count) - 1];
        var shares = whole ? [] : Locate(rows, parts, blocks, numbers[(2 * count)..size]);
        var device = constants.Upload.ToDevice(size);
        Tensor Of(int which, int start, int length) => device.narrow(0, (2 * count) + (which * units) + start, length);

        // A row alone attends to all tokens of its window, and needs no mask; the rows of masks are as long as whole blocks, as fused kernels
        // like them.
        var skipped = count == 1 && kind.Window is { } window ? Math.Max(0, end - window + 1) : 0;
        var tile = new AttentionTile
        {
            Kind = kind,
            Sequences = sequences,
            Rows = each,
            First = parts[0].Start,
            Which = contiguous ? null : Hold(device.narrow(0, 0, count)),
            Units = units,
            Tokens = blocks * constants.Kv.TokensPerBlock,
            Skipped = skipped,
            Length = count == 1 ? end + 1 - skipped : blocks * constants.Kv.TokensPerBlock,
            Ends = count == 1 ? null : Hold(device.narrow(0, count, count)),
            Whole = whole ? PieceOf(rows, parts[0]) : null,
            Pieces = [.. shares.Select(share => new TilePiece(
                constants.Units(share.Slab, kind.KvGroup),
                shares.Count == 1 ? null : Hold(Of(0, share.Start, share.Count)),
                Hold(constants.BySlot(slots, Of(1, share.Start, share.Count), Of(2, share.Start, share.Count)))))],
        };
        tiles.Add(tile);
        if (tile.Ends is null || (maskRoom -= tile.MaskBytes) < 0) return;
        tile.Mask = Hold(tile.MakeMask(constants, tile.Ends));
    }

    private int FirstToken(Part part) => part.FirstBlock * constants.Kv.TokensPerBlock;

    private ReadOnlySpan<KvBlock> TableOf(TorchStepRows rows, Part part) => rows.Blocks(rows.Active[part.Start], kind.KvGroup).Slice(part.FirstBlock, part.Blocks);

    // Whether the blocks of a part follow each other in one slab, and so its tokens in every slot.
    private bool FollowEachOther(TorchStepRows rows, Part part)
    {
        var blocks = TableOf(rows, part);
        for (var b = 1; b < blocks.Length; b++)
        {
            if (blocks[b].Slab != blocks[0].Slab || blocks[b].Index != blocks[0].Index + b) return false;
        }

        return true;
    }

    private WholePiece PieceOf(TorchStepRows rows, Part part)
    {
        var first = TableOf(rows, part)[0];
        return new WholePiece(constants.Tokens(first.Slab, kind.KvGroup), (long)first.Index * constants.Kv.TokensPerBlock, rows.SlotUnits(rows.Active[part.Start], kind.KvGroup) * constants.Kv.TokensPerBlock);
    }

    // Writes which units of a tile lie where, slab after slab: their places in the tile, their numbers in slot 0, and what lies between two slots, each
    // for all units. Shorter sequences are filled up with their first block, which is masked there.
    private List<(int Slab, int Start, int Count)> Locate(TorchStepRows rows, List<Part> parts, int blocks, Span<long> numbers)
    {
        var count = numbers.Length / 3;
        var slabs = new List<int>();
        var slabOf = ArrayPool<int>.Shared.Rent(count);
        for (var (s, u) = (0, 0); s < parts.Count; s++)
        {
            var table = TableOf(rows, parts[s]);
            var stride = rows.SlotUnits(rows.Active[parts[s].Start], kind.KvGroup);
            for (var b = 0; b < blocks; b++, u++)
            {
                var (slab, index) = table[b < table.Length ? b : 0];
                if (slabs.Count == 0 || (slabs[^1] != slab && !slabs.Contains(slab))) slabs.Add(slab);
                (numbers[u], numbers[count + u], numbers[(2 * count) + u]) = (u, index, stride);
                slabOf[u] = slab;
            }
        }

        var shares = new List<(int Slab, int Start, int Count)>(slabs.Count);
        if (slabs.Count == 1) shares.Add((slabs[0], 0, count));
        else Divide(slabs, slabOf.AsSpan(0, count), numbers, shares);
        ArrayPool<int>.Shared.Return(slabOf);
        return shares;
    }

    private static void Divide(List<int> slabs, ReadOnlySpan<int> slabOf, Span<long> numbers, List<(int Slab, int Start, int Count)> shares)
    {
        var before = numbers.ToArray();
        var count = slabOf.Length;
        var at = 0;
        foreach (var slab in slabs)
        {
            var start = at;
            for (var u = 0; u < count; u++)
            {
                if (slabOf[u] != slab) continue;
                for (var part = 0; part < 3 * count; part += count) numbers[part + at] = before[part + u];
                at++;
            }

            shares.Add((slab, start, at - start));
        }
    }

    private Tensor Hold(Tensor tensor)
    {
        held.Add(tensor);
        return tensor;
    }

    /// <summary>Rows of one sequence that go into a tile.</summary>
    /// <param name="Start">The first row, as an index into the rows at work.</param>
    /// <param name="Rows">Number of rows.</param>
    /// <param name="FirstBlock">The first block of the sequence that a row sees.</param>
    /// <param name="Blocks">Blocks from there up to the last row.</param>
    private readonly record struct Part(int Start, int Rows, int FirstBlock, int Blocks);
}
