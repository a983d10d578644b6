using Helios.Sdk.BackendShared;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>What a step takes of the device beside weights and KV.</summary>
internal static class Activations
{
    /// <summary>
    /// A bound on the bytes held at one time. Counted in FP32: states and their mirror image; projections, turned and copied; gate and up; one
    /// tile of keys and values, gathered and converted; its mask; logits of a tile, sorted and summed.
    /// </summary>
    /// <param name="architecture">Shape of the model.</param>
    /// <param name="maxRows">Most rows of a step.</param>
    /// <param name="attentionBytes">Most bytes gathered at one time, but at least those of a sequence.</param>
    public static long Bound(ModelArchitecture architecture, int maxRows, long attentionBytes)
    {
        var projections = architecture.QuerySize + (2L * architecture.KvSize);
        var row = (6L * architecture.HiddenSize) + (4 * projections) + (3L * architecture.FeedForwardSize);
        var logits = Math.Min(maxRows, HeadReader.TileRows) * 16L * architecture.VocabularySize;
        var sequence = 2L * architecture.ContextLength * architecture.KvSize * sizeof(float);
        var gathered = Math.Max(sequence, Math.Min(attentionBytes, maxRows * sequence));
        var mask = Math.Min(attentionBytes, (long)maxRows * architecture.ContextLength * (architecture.Heads / architecture.KvHeads) * sizeof(float));
        return (sizeof(float) * ((maxRows * row) + logits)) + (2 * gathered) + mask;
    }
}

/// <summary>What a composed model holds of the device for its activations.</summary>
internal sealed class ActivationClaim : IDisposable
{
    private readonly AllocationCounter counter;
    private readonly MemoryReservation reservation;

    /// <summary>Counts a reservation.</summary>
    /// <param name="counter">Counts it.</param>
    /// <param name="reservation">Owned from here on.</param>
    public ActivationClaim(AllocationCounter counter, MemoryReservation reservation)
    {
        (this.counter, this.reservation) = (counter, reservation);
        counter.Add(reservation.Bytes);
    }

    public void Dispose()
    {
        counter.Add(-reservation.Bytes);
        reservation.Dispose();
    }
}
