using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Opening;

/// <summary>
/// Whether the LM head is the embedding. <c>tie_word_embeddings</c> says so, unless the file has a head with other values: then that is
/// the head, as transformers 5 has it. A head that is stored twice over with equal values is held once.
/// </summary>
internal static class TiedHead
{
    private const int BlockBytes = 1 << 20;

    public static ModelArchitecture Settle(ModelArchitecture architecture, TensorSet set, TensorMap map) =>
        architecture.Head.IsTied && map.Head is { } head && map.Embedding is { } embedding && !AreEqual(set, head, embedding)
            ? architecture with { Head = architecture.Head with { IsTied = false } }
            : architecture;

    /// <summary>What was trained apart differs in its middle already, so that only copies are read whole.</summary>
    private static bool AreEqual(TensorSet set, TensorPlace left, TensorPlace right)
    {
        var length = left.Entry.End - left.Entry.Begin;
        if (left.Entry.Type != right.Entry.Type || !left.Entry.Shape.AsSpan().SequenceEqual(right.Entry.Shape)) return false;
        var (first, second) = (new byte[BlockBytes], new byte[BlockBytes]);
        var middle = length / 2;
        return AreEqualFrom(middle, Math.Min(length, middle + Fingerprint.SampleBytes)) && AreEqualFrom(0, length);

        bool AreEqualFrom(long begin, long end)
        {
            for (var at = begin; at < end; at += BlockBytes)
            {
                var count = (int)Math.Min(BlockBytes, end - at);
                Read(set, left, at, first.AsSpan(0, count));
                Read(set, right, at, second.AsSpan(0, count));
                if (!first.AsSpan(0, count).SequenceEqual(second.AsSpan(0, count))) return false;
            }

            return true;
        }
    }

    private static void Read(TensorSet set, TensorPlace place, long at, Span<byte> destination)
    {
        var file = set.Files[place.File];
        file.Read(place.Entry.Name, file.DataStart + place.Entry.Begin + at, destination);
    }
}
