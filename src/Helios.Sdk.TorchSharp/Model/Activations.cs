using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>What a step takes of the device beside weights and KV.</summary>
internal static class Activations
{
    /// <summary>
    /// A bound on the bytes held at one time, counted in FP32, beside the numbers of KV units and tokens, which are under a hundredth of what they
    /// number. A layer's results are freed at its end, so that per row there are its states, at work, at rest and on the way between; two norms
    /// with their mirror images; projections, turned, converted and cut by slabs; queries, and results in four orders; gate and up.
    /// </summary>
    /// <param name="architecture">Shape of the model.</param>
    /// <param name="maxRows">Most rows of a step.</param>
    /// <param name="attentionBytes">Most bytes gathered at one time, and most bytes of masks, as <see cref="AttentionIndex"/> has it.</param>
    /// <param name="fused">Whether attention is one kernel.</param>
    public static long Bound(ModelArchitecture architecture, int maxRows, long attentionBytes, bool fused)
    {
        var row = (11L * architecture.HiddenSize) + (8L * architecture.Stack[0].Attention.QuerySize) + (7L * architecture.Stack[0].Attention.KvSize)
            + (2L * architecture.Stack[0].FeedForward.Size) + (8L * architecture.Stack[0].Attention.HeadDim);

        // Logits, edited; sorted with their ids; weights, sums and comparisons in double.
        var logits = Math.Min(maxRows, HeadReader.TileRows) * 18L * architecture.VocabularySize;

        // Gathered, and converted; where attention is not one kernel, keys and values also scaled and turned.
        var gathered = Tile(2L * architecture.Stack[0].Attention.KvSize * sizeof(float));

        // Masks kept for all layers, and the mask and scores of a tile, for which a mask in bytes is made first.
        var attended = Tile(AttendedBytes(architecture, fused));
        return (sizeof(float) * ((maxRows * row) + logits)) + ((fused ? 2 : 4) * gathered) + (9 * attended / 4);

        long Tile(long tokenBytes) => Math.Max(tokenBytes * architecture.ContextLength, Math.Min(attentionBytes, tokenBytes * architecture.ContextLength * maxRows));
    }

    /// <summary>
    /// Bytes that a row takes for each token it may attend to: its mask, and where attention is not one kernel the scores of all heads, before and
    /// after they become shares. In FP32.
    /// </summary>
    public static long AttendedBytes(ModelArchitecture architecture, bool fused) =>
        sizeof(float) * (architecture.Stack[0].Attention.Heads / architecture.Stack[0].Attention.KvHeads) * (fused ? 1L : 1 + (2 * architecture.Stack[0].Attention.KvHeads));
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
