using System.Buffers;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Devices;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>
/// How the rows at work attend, on the device: sequences with equally many rows go together, padded to the longest of them, in tiles whose
/// gathered keys and values, and whose masks and scores, keep to a limit. Copied there once, whatever the number of layers.
/// </summary>
internal sealed class AttentionIndex : IDisposable
{
    private readonly StepConstants constants;
    private readonly List<Tensor> held = [];
    private readonly List<AttentionTile> tiles = [];
    private readonly Tensor? order;
    private long maskRoom;

    /// <summary>Prepares the rows at work.</summary>
    /// <param name="constants">What does not change from step to step.</param>
    /// <param name="architecture">Shape of the model.</param>
    /// <param name="rows">The step.</param>
    /// <param name="layers">Layers that may run, from slot 0 on.</param>
    /// <param name="mostBytes">
    /// Most bytes gathered at one time, but at least those of a sequence; most bytes of masks and scores, but at least those of a row; and most
    /// bytes of masks kept for all layers: others are made for each.
    /// </param>
    public AttentionIndex(StepConstants constants, ModelArchitecture architecture, TorchStepRows rows, int layers, long mostBytes)
    {
        this.constants = constants;
        maskRoom = mostBytes;
        using var scope = torch.NewDisposeScope();
        var unitBytes = rows.UnitElements * Math.Max(Elements.BytesOf(constants.Kv.Type), Elements.BytesOf(constants.Type));
        var rowBytes = constants.Kv.TokensPerBlock * Activations.AttendedBytes(architecture, constants.Device.FusesAttention(architecture.Stack[0].Attention.HeadDim));
        var placed = new List<int>(rows.ActiveCount);
        foreach (var group in Cut(rows, mostBytes / rowBytes).GroupBy(run => run.Rows))
        {
            var some = new List<Run>();
            var most = 0;
            foreach (var run in group)
            {
                // Where it lies, it is read without being gathered: worth a call of its own from so many bytes on.
                if (BlocksOf(run.Length) * unitBytes >= constants.Device.GatherBytes && FollowEachOther(rows, run))
                {
                    Add(architecture, rows, [run], layers, placed);
                    continue;
                }

                var blocks = Math.Max(most, BlocksOf(run.Length));
                if (some.Count > 0 && (some.Count + 1L) * blocks * Math.Max(unitBytes, run.Rows * rowBytes) > mostBytes)
                {
                    Add(architecture, rows, some, layers, placed);
                    (some, blocks) = ([], BlocksOf(run.Length));
                }

                some.Add(run);
                most = blocks;
            }

            if (some.Count > 0) Add(architecture, rows, some, layers, placed);
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
    /// <param name="slot">Slot of the layer.</param>
    /// <param name="queries">Turned queries <c>[rows, heads x headDim]</c>; rows may lie further apart.</param>
    /// <returns><c>[rows, heads x headDim]</c>.</returns>
    public Tensor Attend(int slot, Tensor queries)
    {
        if (tiles is [var only]) return InOrder(only.Attend(constants, slot, queries));
        var results = new Tensor[tiles.Count];
        for (var i = 0; i < results.Length; i++)
        {
            // What one tile gathered goes before the next one gathers.
            using var scope = torch.NewDisposeScope();
            results[i] = tiles[i].Attend(constants, slot, queries).MoveToOuterDisposeScope();
        }

        return InOrder(torch.cat(results));
    }

    public void Dispose()
    {
        foreach (var tensor in held) tensor.Dispose();
    }

    private Tensor InOrder(Tensor results) => order is null ? results : results.index_select(0, order);

    // Runs of rows whose masks and scores, of rows times blocks, keep to a limit.
    private IEnumerable<Run> Cut(TorchStepRows rows, long mostRowBlocks)
    {
        foreach (var run in rows.Runs)
        {
            var most = (int)Math.Clamp(mostRowBlocks / BlocksOf(run.Length), 1, run.Rows);
            for (var start = 0; start < run.Rows; start += most)
            {
                var count = Math.Min(most, run.Rows - start);
                var last = rows.Active[run.Start + start + count - 1];
                yield return new Run(run.Start + start, count, rows[last].Position + 1);
            }
        }
    }

    private int BlocksOf(int length) => (length + constants.Kv.TokensPerBlock - 1) / constants.Kv.TokensPerBlock;

    private void Add(ModelArchitecture architecture, TorchStepRows rows, List<Run> runs, int layers, List<int> placed)
    {
        var (sequences, each) = (runs.Count, runs[0].Rows);
        var longest = runs.Max(run => run.Length);
        var blocks = BlocksOf(longest);
        var (count, units) = (sequences * each, sequences * blocks);

        var whole = sequences == 1 && FollowEachOther(rows, runs[0]);
        if (whole) units = 0;

        // Places of rows, their positions; of units that are gathered places, numbers in slot 0, and what lies between two slots.
        var size = (2 * count) + (3 * units);
        var numbers = constants.Upload.Room<long>(size);
        var contiguous = true;
        for (var (s, i) = (0, 0); s < sequences; s++)
        {
            for (var r = 0; r < each; r++, i++)
            {
                var place = runs[s].Start + r;
                contiguous &= place == runs[0].Start + i;
                numbers[i] = place;
                numbers[count + i] = rows[rows.Active[place]].Position;
                placed.Add(place);
            }
        }

        var shares = whole ? [] : Locate(rows, runs, blocks, numbers[(2 * count)..size]);
        var device = constants.Upload.ToDevice(size);
        Tensor Part(int which, int start, int length) => device.narrow(0, (2 * count) + (which * units) + start, length);

        // A row alone attends to its whole sequence, and needs no mask; the rows of masks are as long as whole blocks, as fused kernels like them.
        var length = count == 1 ? longest : blocks * constants.Kv.TokensPerBlock;
        var tile = new AttentionTile
        {
            Architecture = architecture,
            Sequences = sequences,
            Rows = each,
            First = runs[0].Start,
            Which = contiguous ? null : Hold(device.narrow(0, 0, count)),
            Units = units,
            Tokens = blocks * constants.Kv.TokensPerBlock,
            Length = length,
            Positions = count == 1 ? null : Hold(device.narrow(0, count, count)),
            Whole = whole ? PieceOf(rows, runs[0]) : null,
            Pieces = [.. shares.Select(share => new TilePiece(
                constants.Units(share.Slab),
                shares.Count == 1 ? null : Hold(Part(0, share.Start, share.Count)),
                Hold(constants.BySlot(layers, Part(1, share.Start, share.Count), Part(2, share.Start, share.Count)))))],
        };
        tiles.Add(tile);
        if (tile.Positions is null || (maskRoom -= tile.MaskBytes) < 0) return;
        tile.Mask = Hold(tile.MakeMask(constants, tile.Positions));
    }

    // Whether the blocks of a sequence follow each other in one slab, and so its tokens in every slot.
    private bool FollowEachOther(TorchStepRows rows, Run run)
    {
        var blocks = rows.Blocks(rows.Active[run.Start])[..BlocksOf(run.Length)];
        for (var b = 1; b < blocks.Length; b++)
        {
            if (blocks[b].Slab != blocks[0].Slab || blocks[b].Index != blocks[0].Index + b) return false;
        }

        return true;
    }

    private WholePiece PieceOf(TorchStepRows rows, Run run)
    {
        var row = rows.Active[run.Start];
        var first = rows.Blocks(row)[0];
        return new WholePiece(constants.Tokens(first.Slab), (long)first.Index * constants.Kv.TokensPerBlock, rows.SlotUnits(row) * constants.Kv.TokensPerBlock);
    }

    // Writes which units of a tile lie where, slab after slab: their places in the tile, their numbers in slot 0, and what lies between two slots, each
    // for all units. Shorter sequences are filled up with their first block, which is masked there.
    private List<(int Slab, int Start, int Count)> Locate(TorchStepRows rows, List<Run> runs, int blocks, Span<long> numbers)
    {
        var count = numbers.Length / 3;
        var slabs = new List<int>();
        var slabOf = ArrayPool<int>.Shared.Rent(count);
        for (var (s, u) = (0, 0); s < runs.Count; s++)
        {
            var row = rows.Active[runs[s].Start];
            var table = rows.Blocks(row);
            var (own, stride) = (BlocksOf(runs[s].Length), rows.SlotUnits(row));
            for (var b = 0; b < blocks; b++, u++)
            {
                var (slab, index) = table[b < own ? b : 0];
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
}
