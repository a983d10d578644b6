using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// The KV of one sequence: a block table for each group of layers. What grows, grows in all of them, or in none. Belongs to the device thread.
/// </summary>
internal sealed class KvTables
{
    private readonly KvParts parts;
    private readonly BlockTable[] tables;
    private readonly BlockNeed[] needs;

    /// <param name="parts">What is kept.</param>
    /// <param name="capacity">Blocks that each table has room for to begin with.</param>
    /// <param name="isPinned">Whether no preemption takes them back.</param>
    public KvTables(KvParts parts, int capacity, bool isPinned = false)
    {
        this.parts = parts;
        tables = [.. parts.All.Select(part => new BlockTable(part.Shape, part.Shape.Layers == 0 ? 1 : capacity) { IsPinned = isPinned })];
        needs = new BlockNeed[tables.Length];
    }

    /// <summary>The tables, one for each group of layers.</summary>
    public ReadOnlySpan<BlockTable> Tables => tables;

    /// <summary>Blocks of positions.</summary>
    public int Count
    {
        get
        {
            var most = 0;
            foreach (var table in tables) most = Math.Max(most, table.Count);
            return most;
        }
    }

    /// <summary>Tokens that it has blocks for, up to the last.</summary>
    public int Tokens(BlockPool blocks)
    {
        var least = int.MaxValue;
        for (var i = 0; i < tables.Length; i++)
        {
            if (Keeps(i)) least = Math.Min(least, tables[i].Count);
        }

        return least * blocks.TokensPerBlock;
    }

    /// <summary>Whether blocks for rows <c>[first, end)</c>, and for <paramref name="known"/> tokens where all are kept, could be had beside a reserve.</summary>
    public bool CanGrow(BlockPool blocks, int first, int end, int known, in KvReserve reserve)
    {
        for (var i = 0; i < tables.Length; i++)
        {
            var shape = tables[i].Shape;
            needs[i] = Keeps(i) ? new BlockNeed(shape, Missing(blocks, i, first, end, known) + reserve.Blocks(blocks, shape)) : default;
        }

        return blocks.CanHave(needs);
    }

    /// <summary>
    /// Takes blocks for the rows <c>[first, end)</c> of a step, and, where all tokens are attended to, for <paramref name="known"/> tokens: all of them or none.
    /// A group with a window takes none before it.
    /// </summary>
    public bool TryGrow(BlockPool blocks, int first, int end, int known)
    {
        if (!CanGrow(blocks, first, end, known, default)) return false;
        for (var i = 0; i < tables.Length; i++)
        {
            if (!Keeps(i)) continue;
            var table = tables[i];
            if (table.Held == 0 && parts.All[i].Window is not null) table.StartBehind(Math.Max(table.Count, FirstBlock(blocks, i, first)));
            needs[i] = new BlockNeed(table.Shape, table.Count);
            if (blocks.TryGrow(table, TokensOf(i, end, known))) continue;
            for (; i >= 0; i--)
            {
                if (Keeps(i)) blocks.Shrink(tables[i], (int)needs[i].Blocks);
            }

            return false;
        }

        return true;
    }

    /// <summary>The next row to be computed is at a position: gives up what is behind its windows.</summary>
    public void Slide(BlockPool blocks, int position)
    {
        for (var i = 0; i < tables.Length; i++)
        {
            if (parts.All[i].Window is not null) blocks.Slide(tables[i], FirstBlock(blocks, i, position));
        }
    }

    /// <summary>Makes the block of a position safe to write in every table; see <see cref="BlockPool.TryOwn"/>.</summary>
    public bool TryOwn(BlockPool blocks, int index)
    {
        foreach (var table in tables)
        {
            if (table[index] != KvBlock.None && !blocks.TryOwn(table, index)) return false;
        }

        return true;
    }

    /// <summary>Whether no block is in use but these, which are shared with no other sequence.</summary>
    public bool AreAllUsed(BlockPool blocks)
    {
        var bytes = 0L;
        foreach (var table in tables)
        {
            if (!blocks.HoldsAlone(table)) return false;
            bytes += table.Held * blocks.BlockBytes(table.Shape);
        }

        return bytes == blocks.UsedBytes;
    }

    /// <summary>Takes back every block.</summary>
    public void Release(BlockPool blocks)
    {
        foreach (var table in tables) blocks.Release(table);
    }

    /// <summary>Fills empty tables with the cached blocks that tokens begin with; returns how many tokens.</summary>
    /// <param name="blocks">The pool.</param>
    /// <param name="key">Under which they are looked for; shape and window are set here.</param>
    /// <param name="tokens">The tokens.</param>
    public int Attach(BlockPool blocks, PrefixKey key, ReadOnlySpan<int> tokens)
    {
        var found = int.MaxValue;
        for (var i = 0; i < tables.Length; i++)
        {
            if (Keeps(i)) found = Math.Min(found, blocks.CountKnown(KeyOf(key, i), tokens[..Math.Min(tokens.Length, found)]));
        }

        // Back to where every window is known.
        for (var i = 0; i < tables.Length;)
        {
            var fits = Keeps(i) && parts.All[i].Window is not null
                ? blocks.CountUsable(KeyOf(key, i), tokens[..found], WindowBlocks(blocks, i))
                : found;
            i = fits < found ? 0 : i + 1;
            found = fits;
        }

        for (var i = 0; found > 0 && i < tables.Length; i++)
        {
            if (Keeps(i)) blocks.Attach(tables[i], KeyOf(key, i), tokens[..found], FirstBlock(blocks, i, found - 1));
        }

        return found;
    }

    /// <summary>Makes a full block known in every table; see <see cref="BlockPool.Enter"/>. False when what comes before is not known in one of them.</summary>
    public bool Enter(BlockPool blocks, int index, PrefixKey key, ReadOnlySpan<int> tokens)
    {
        var isKnown = true;
        for (var i = 0; i < tables.Length; i++)
        {
            if (tables[i][index] != KvBlock.None) isKnown &= blocks.Enter(tables[i], index, KeyOf(key, i), tokens);
        }

        return isKnown;
    }

    /// <summary>Fills empty tables with those of another sequence for its first tokens; false when it has given up some that are needed behind them.</summary>
    public bool TryShare(BlockPool blocks, KvTables from, int tokens)
    {
        for (var i = 0; i < tables.Length; i++)
        {
            if (Keeps(i) && from.tables[i].First > FirstBlock(blocks, i, tokens)) return false;
        }

        for (var i = 0; i < tables.Length; i++)
        {
            if (Keeps(i)) blocks.Share(from.tables[i], tables[i], blocks.BlocksFor(tokens));
        }

        return true;
    }

    /// <summary>Its blocks as a step takes them: for each position those of all groups.</summary>
    public KvBlock[] ToArray()
    {
        var all = new KvBlock[Count * tables.Length];
        CopyTo(all);
        return all;
    }

    /// <summary>Writes its blocks as a step takes them.</summary>
    /// <param name="destination"><see cref="Count"/> times the number of groups.</param>
    public void CopyTo(Span<KvBlock> destination)
    {
        if (tables is [var only])
        {
            only.Blocks.CopyTo(destination);
            return;
        }

        for (var i = 0; i < destination.Length; i++) destination[i] = tables[i % tables.Length][i / tables.Length];
    }

    private bool Keeps(int part) => parts.All[part].Shape.Layers > 0;

    private PrefixKey KeyOf(in PrefixKey key, int part) => key with { Shape = parts.All[part].Shape, Window = parts.All[part].Window };

    // A block before the first that is needed stays: what follows it in the index is found by it.
    private int FirstBlock(BlockPool blocks, int part, int position) => Math.Max(0, parts.All[part].FirstNeeded(position) / blocks.TokensPerBlock - 1);

    private int WindowBlocks(BlockPool blocks, int part) => blocks.BlocksFor(parts.All[part].Window!.Value) + 1;

    private int TokensOf(int part, int end, int known) => parts.All[part].Window is null ? Math.Max(end, known) : end;

    private int Missing(BlockPool blocks, int part, int first, int end, int known)
    {
        var table = tables[part];
        var from = table.Held == 0 && parts.All[part].Window is not null ? Math.Max(table.Count, FirstBlock(blocks, part, first)) : table.Count;
        return Math.Max(0, blocks.BlocksFor(TokensOf(part, end, known)) - from);
    }
}

/// <summary>Blocks of a shape that are wanted.</summary>
/// <param name="Shape">The shape.</param>
/// <param name="Blocks">How many.</param>
internal readonly record struct BlockNeed(KvShape Shape, long Blocks);

/// <summary>Blocks that must stay obtainable for sequences that run, so that they can grow.</summary>
/// <param name="Running">Sequences that run; without any, nothing is reserved.</param>
/// <param name="Watermark">Share of all KV memory, 0..1.</param>
internal readonly record struct KvReserve(int Running, double Watermark)
{
    /// <summary>Blocks of a shape: one for each sequence, or the share.</summary>
    public long Blocks(BlockPool blocks, KvShape shape) =>
        Running == 0 ? 0 : (long)Math.Ceiling(Math.Max(Running, Watermark * blocks.Possible(shape)));
}
