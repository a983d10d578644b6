using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Operators;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>Sequences that attend together.</summary>
internal sealed class AttentionTile
{
    /// <summary>What the attention of the layers has in common.</summary>
    public required AttentionKind Kind { get; init; }

    /// <summary>Number of sequences.</summary>
    public required int Sequences { get; init; }

    /// <summary>Rows of each.</summary>
    public required int Rows { get; init; }

    /// <summary>The first row, from which on they follow each other unless <see cref="Which"/> says otherwise.</summary>
    public required int First { get; init; }

    /// <summary>The rows, as indices into those at work; null where they follow each other.</summary>
    public required Tensor? Which { get; init; }

    /// <summary>Units that are gathered: blocks of the longest sequence, times the sequences.</summary>
    public required int Units { get; init; }

    /// <summary>Tokens gathered of each sequence.</summary>
    public required int Tokens { get; init; }

    /// <summary>Tokens that are gathered but not attended to, before the others.</summary>
    public required int Skipped { get; init; }

    /// <summary>Tokens attended to.</summary>
    public required int Length { get; init; }

    /// <summary>For each row its own place among the tokens gathered, <c>[rows]</c>; null for one row, which sees all that is not skipped.</summary>
    public required Tensor? Ends { get; init; }

    /// <summary>Where the only sequence lies, when its tokens follow each other; null where units are gathered.</summary>
    public required WholePiece? Whole { get; init; }

    /// <summary>Where the units lie, by slabs; none where nothing is gathered.</summary>
    public required TilePiece[] Pieces { get; init; }

    /// <summary>Made once for all layers; null where it is made for each, or there is none.</summary>
    public Tensor? Mask { get; set; }

    /// <summary>Bytes of a mask, in FP32.</summary>
    public long MaskBytes => (long)Sequences * Rows * Length * Kind.Group * sizeof(float);

    /// <summary>A row sees its own position and those before, within the window: <c>[sequences, 1, heads of a group x rows, length]</c>, added to scores.</summary>
    public Tensor MakeMask(StepConstants constants, Tensor ends)
    {
        using var scope = torch.NewDisposeScope();
        var group = Kind.Group;
        var last = ends.view(Sequences, 1, 1, Rows, 1).expand(Sequences, 1, group, Rows, 1).reshape(Sequences, 1, group * Rows, 1);
        var columns = constants.Columns.narrow(0, 0, Length);
        var seen = columns.le(last);
        if (Kind.Window is { } window) seen.logical_and_(columns.gt(last.sub(constants.Number(window))));
        return torch.where(seen, constants.Allowed, constants.Forbidden).MoveToOuterDisposeScope();
    }

    /// <summary>Attention of a layer over the tile's rows <c>[rows, heads x headDim]</c>.</summary>
    public Tensor Attend(StepConstants constants, AttentionLayout layout, int slot, Tensor queries)
    {
        var (kvHeads, headDim, group) = (layout.KvHeads, layout.HeadDim, Kind.Group);
        var gathered = Gather(slot).view(Sequences, Tokens, 2, kvHeads, headDim);
        if (gathered.dtype != constants.Type) gathered = gathered.to(constants.Type);
        var keyValues = gathered.narrow(1, Skipped, Length).permute(2, 0, 3, 1, 4);
        var (keys, values) = (keyValues.select(0, 0), keyValues.select(0, 1));
        var mask = Mask ?? (Ends is null ? null : MakeMask(constants, Ends));

        // Query heads that share a key/value head are as so many rows of it.
        var mine = Which is null ? queries.narrow(0, First, Sequences * Rows) : queries.index_select(0, Which);
        var turned = mine.view(Sequences, Rows, kvHeads, group, headDim).permute(0, 2, 3, 1, 4).reshape(Sequences, kvHeads, group * Rows, headDim);
        var attended = layout.SoftCap is { } cap
            ? AttendCapped(constants, turned, keys, values, mask, (layout.Scale, cap))
            : TorchOperators.Attention(turned, keys, values, mask, layout.Scale);
        return attended.reshape(Sequences, kvHeads, group, Rows, headDim).permute(0, 3, 1, 2, 4).reshape(Sequences * Rows, layout.QuerySize);
    }

    // Torch's attention has no soft-cap. Scores are in FP32, as those that torch writes down.
    private static Tensor AttendCapped(StepConstants constants, Tensor queries, Tensor keys, Tensor values, Tensor? mask, (float Scale, float Cap) scores)
    {
        var capped = queries.to(ScalarType.Float32).matmul(keys.to(ScalarType.Float32).transpose(2, 3));
        capped.mul_(constants.Number((double)scores.Scale / scores.Cap)).tanh_().mul_(constants.Number(scores.Cap));
        if (mask is not null) capped.add_(mask);
        return capped.softmax(3).matmul(values.to(ScalarType.Float32)).to(queries.dtype);
    }

    // [Units, elements of a unit], or the same tokens where they lie.
    private Tensor Gather(int slot)
    {
        if (Whole is { } whole) return whole.Tokens.narrow(0, whole.First + (slot * whole.Stride), Tokens);
        if (Pieces is [{ Places: null } only]) return only.Slab.index_select(0, only.Numbers.select(0, slot));
        var first = Pieces[0].Slab;
        var tile = torch.empty(Units, first.shape[1], dtype: first.dtype, device: first.device);
        foreach (var piece in Pieces)
        {
            using var some = piece.Slab.index_select(0, piece.Numbers.select(0, slot));
            tile.index_copy_(0, piece.Places!, some);
        }

        return tile;
    }
}

/// <summary>Units of one slab.</summary>
/// <param name="Slab">The slab by units.</param>
/// <param name="Places">Where in the tile they go; null for all of it, in order.</param>
/// <param name="Numbers">By slot, which they are <c>[layers, units]</c>.</param>
internal sealed record TilePiece(Tensor Slab, Tensor? Places, Tensor Numbers);

/// <summary>Tokens that follow each other in a slab.</summary>
/// <param name="Tokens">The slab by tokens.</param>
/// <param name="First">The first in slot 0.</param>
/// <param name="Stride">Tokens between two slots.</param>
internal sealed record WholePiece(Tensor Tokens, long First, long Stride);
