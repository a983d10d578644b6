using System.Collections.Immutable;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>KV that a sequence keeps: one part for each of a model's groups of layers. Immutable.</summary>
/// <param name="All">The parts, in order of groups.</param>
internal readonly record struct KvParts(ImmutableArray<KvPart> All)
{
    /// <summary>What sequences keep for the first layers of a model.</summary>
    public static KvParts Of(ModelArchitecture architecture, int depth)
    {
        var groups = KvGroups.Of(architecture);
        return new([.. Enumerable.Range(0, groups.Count).Select(group => groups.Part(group, LayerRange.To(depth)))]);
    }

    /// <summary>Bytes of whole slabs that one sequence takes at most, as it grows to so many tokens.</summary>
    /// <param name="blocks">Says what blocks take.</param>
    /// <param name="tokens">Tokens of the sequence.</param>
    /// <param name="rows">Most of them that a step computes.</param>
    public long SlabBytes(BlockPool blocks, int tokens, int rows)
    {
        var bytes = 0L;
        foreach (var part in All)
        {
            if (part.MostBlocks(tokens, rows, blocks.TokensPerBlock) is > 0 and var count) bytes += blocks.SlabBytesFor(part.Shape, count);
        }

        return bytes;
    }
}
