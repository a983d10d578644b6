using System.Buffers;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>
/// How the rows at work attend, on the device: sequences with equally many rows go together, padded to the longest of them, in tiles whose
/// gathered keys and values, and whose masks, keep to a limit. Copied there once, whatever the number of layers.
/// </summary>
internal sealed class AttentionIndex : IDisposable
{
    private readonly StepConstants constants;
    private readonly List<Tensor> held = [];
    private readonly List<Tile> tiles = [];
    private readonly Tensor? order;

    /// <summary>Prepares the rows at work.</summary>
    /// <param name="constants">What does not change from step to step.</param>
    /// <param name="architecture">Shape of the model.</param>
    /// <param name="rows">The step.</param>
    /// <param name="layers">Layers that may run, from slot 0 on.</param>
    /// <param name="mostBytes">Most bytes gathered at one time, but at least those of a sequence; and most bytes of a mask, but at least those of a row.</param>
    public AttentionIndex(StepConstants constants, ModelArchitecture architecture, TorchStepRows rows, int layers, long mostBytes)
    {
        this.constants = constants;
        using var scope = torch.NewDisposeScope();
        var unitBytes = rows.UnitElements * Devices.Elements.BytesOf(constants.Kv.Type);
        var placed = new List<int>(rows.ActiveCount);
        var maskBytes = (long)architecture.Heads / architecture.KvHeads * constants.Kv.TokensPerBlock * sizeof(float);
        foreach (var group in Cut(rows, mostBytes / maskBytes).GroupBy(run => run.Rows))
        {
            var some = new List<Run>();
            var most = 0;
            foreach (var run in group)
            {
                var blocks = Math.Max(most, BlocksOf(run.Length));
                if (some.Count > 0 && (some.Count + 1L) * blocks * Math.Max(unitBytes, run.Rows * maskBytes) > mostBytes)
                {
                    Add(architecture, rows, some, layers, placed);
                    (some, blocks) = ([], BlocksOf(run.Length));
                }

                some.Add(run);
                most = blocks;
            }

            Add(architecture, rows, some, layers, placed);
        }

        // Tiles give their rows one after another; usually that is the order of the step.
        if (placed.Select((row, i) => row == i).All(same => same)) return;
        var back = constants.Upload.Room<long>(placed.Count);
        for (var i = 0; i < placed.Count; i++) back[placed[i]] = i;
        order = Hold(constants.Upload.ToDevice(placed.Count));
    }

    /// <summary>Attention of a layer.</summary>
    /// <param name="slot">Slot of the layer.</param>
    /// <param name="queries">Turned queries <c>[rows, heads x headDim]</c>; rows may lie further apart.</param>
    /// <returns><c>[rows, heads x headDim]</c>.</returns>
    public Tensor Attend(int slot, Tensor queries)
    {
        var results = new Tensor[tiles.Count];
        for (var i = 0; i < results.Length; i++) results[i] = tiles[i].Attend(constants, slot, queries);
        var all = results.Length == 1 ? results[0] : torch.cat(results);
        return order is null ? all : all.index_select(0, order);
    }

    public void Dispose()
    {
        foreach (var tensor in held) tensor.Dispose();
    }

    // Runs of rows whose masks, of rows times blocks, keep to a limit.
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

        // Places of rows, their positions, places of units, their numbers.
        var numbers = constants.Upload.Room<long>(2 * count + 2 * units);
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

        var shares = Locate(rows, runs, blocks, numbers.Slice(2 * count, units), numbers.Slice(2 * count + units, units));
        var device = constants.Upload.ToDevice(2 * count + 2 * units);

        // One sequence is cut to its length, so that a single row of it needs no mask.
        var length = sequences == 1 ? longest : blocks * constants.Kv.TokensPerBlock;
        tiles.Add(new Tile
        {
            Architecture = architecture,
            Sequences = sequences,
            Rows = each,
            First = runs[0].Start,
            Which = contiguous ? null : Hold(device.narrow(0, 0, count)),
            Units = units,
            Tokens = blocks * constants.Kv.TokensPerBlock,
            Length = length,
            Mask = sequences == 1 && each == 1 ? null : Hold(Mask(architecture, device.narrow(0, count, count), sequences, each, length)),
            Pieces = [.. shares.Select(share => new Piece(
                Hold(constants.Units(share.Slab)),
                shares.Count == 1 ? null : Hold(device.narrow(0, 2 * count + share.Start, share.Count)),
                Hold(constants.Slots.narrow(0, 0, layers) + device.narrow(0, 2 * count + units + share.Start, share.Count))))],
        });
    }

    // Writes which units of a tile lie where, slab after slab. Shorter sequences are filled up with their first block, which is masked there.
    private List<(int Slab, int Start, int Count)> Locate(TorchStepRows rows, List<Run> runs, int blocks, Span<long> places, Span<long> units)
    {
        var slabs = new List<int>();
        var slabOf = ArrayPool<int>.Shared.Rent(units.Length);
        for (var (s, u) = (0, 0); s < runs.Count; s++)
        {
            var row = rows.Active[runs[s].Start];
            var table = rows.Blocks(row);
            var (own, depth) = (BlocksOf(runs[s].Length), rows[row].KvDepth);
            for (var b = 0; b < blocks; b++, u++)
            {
                var (slab, index) = table[b < own ? b : 0];
                if (slabs.Count == 0 || (slabs[^1] != slab && !slabs.Contains(slab))) slabs.Add(slab);
                (places[u], units[u]) = (u, (long)index * depth);
                slabOf[u] = slab;
            }
        }

        var shares = new List<(int Slab, int Start, int Count)>(slabs.Count);
        if (slabs.Count == 1) shares.Add((slabs[0], 0, units.Length));
        else Divide(slabs, slabOf.AsSpan(0, units.Length), places, units, shares);
        ArrayPool<int>.Shared.Return(slabOf);
        return shares;
    }

    private static void Divide(List<int> slabs, ReadOnlySpan<int> slabOf, Span<long> places, Span<long> units, List<(int Slab, int Start, int Count)> shares)
    {
        var before = units.ToArray();
        var at = 0;
        foreach (var slab in slabs)
        {
            var start = at;
            for (var u = 0; u < slabOf.Length; u++)
            {
                if (slabOf[u] != slab) continue;
                (places[at], units[at]) = (u, before[u]);
                at++;
            }

            shares.Add((slab, start, at - start));
        }
    }

    // [sequences, 1, heads of a group x rows, length]: a row sees its own position and those before.
    private Tensor Mask(ModelArchitecture architecture, Tensor positions, int sequences, int each, int length)
    {
        var heads = architecture.Heads / architecture.KvHeads;
        var seen = constants.Columns.narrow(0, 0, length).view(1, length).le(positions.view(-1, 1));
        var mask = torch.where(seen, constants.Allowed, constants.Forbidden).view(sequences, 1, 1, each, length);
        return mask.expand(sequences, 1, heads, each, length).reshape(sequences, 1, heads * each, length);
    }

    private Tensor Hold(Tensor tensor)
    {
        held.Add(tensor.DetachFromDisposeScope());
        return tensor;
    }

    /// <summary>Units of one slab.</summary>
    /// <param name="Slab">The slab by units.</param>
    /// <param name="Places">Where in the tile they go; null for all of it, in order.</param>
    /// <param name="Numbers">By slot, which they are <c>[layers, units]</c>.</param>
    private sealed record Piece(Tensor Slab, Tensor? Places, Tensor Numbers);

    /// <summary>Sequences that attend together.</summary>
    private sealed class Tile
    {
        public required ModelArchitecture Architecture { get; init; }

        public required int Sequences { get; init; }

        /// <summary>Rows of each.</summary>
        public required int Rows { get; init; }

        /// <summary>The first row, from which on they follow each other unless <see cref="Which"/> says otherwise.</summary>
        public required int First { get; init; }

        public required Tensor? Which { get; init; }

        public required int Units { get; init; }

        /// <summary>Tokens gathered of each sequence.</summary>
        public required int Tokens { get; init; }

        /// <summary>Tokens looked at.</summary>
        public required int Length { get; init; }

        public required Tensor? Mask { get; init; }

        public required Piece[] Pieces { get; init; }

        public Tensor Attend(StepConstants constants, int slot, Tensor queries)
        {
            var (kvHeads, headDim) = (Architecture.KvHeads, Architecture.HeadDim);
            var group = Architecture.Heads / kvHeads;
            var gathered = Gather(slot).view(Sequences, Tokens, 2, kvHeads, headDim);
            if (gathered.dtype != constants.Type) gathered = gathered.to(constants.Type);
            var keyValues = gathered.narrow(1, 0, Length).permute(2, 0, 3, 1, 4);

            // Query heads that share a key/value head are as so many rows of it.
            var mine = Which is null ? queries.narrow(0, First, Sequences * Rows) : queries.index_select(0, Which);
            var turned = mine.view(Sequences, Rows, kvHeads, group, headDim).permute(0, 2, 3, 1, 4).reshape(Sequences, kvHeads, group * Rows, headDim);
            var attended = torch.nn.functional.scaled_dot_product_attention(turned, keyValues.select(0, 0), keyValues.select(0, 1), Mask);
            return attended.reshape(Sequences, kvHeads, group, Rows, headDim).permute(0, 3, 1, 2, 4).reshape(Sequences * Rows, Architecture.QuerySize);
        }

        // [Units, elements of a unit]
        private Tensor Gather(int slot)
        {
            if (Pieces is [{ Places: null } only]) return only.Slab.index_select(0, only.Numbers.select(0, slot));
            var first = Pieces[0].Slab;
            var tile = torch.empty(Units, first.shape[1], dtype: first.dtype, device: first.device);
            foreach (var piece in Pieces) tile.index_copy_(0, piece.Places!, piece.Slab.index_select(0, piece.Numbers.select(0, slot)));
            return tile;
        }
    }
}
