using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Devices;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>What a step takes of the device beside weights and KV.</summary>
internal static class Activations
{
    /// <summary>
    /// A bound on the bytes held at one time, counted in FP32, beside the numbers of KV units and tokens, which are under a hundredth of what they
    /// number.
    /// </summary>
    /// <param name="architecture">Shape of the model.</param>
    /// <param name="maxRows">Most rows of a step.</param>
    /// <param name="attentionBytes">Most bytes gathered at one time, and most bytes of masks, as <see cref="AttentionIndex"/> has it.</param>
    /// <param name="fused">Whether attention is one kernel in every layer.</param>
    public static long Bound(ModelArchitecture architecture, int maxRows, long attentionBytes, bool fused)
    {
        var kinds = architecture.Stack.Distinct().ToList();
        var turning = RotaryTables.KindsOf(architecture).Sum(kind => kind.Dimensions);
        var row = kinds.Max(layer => RowElements(layer, architecture.HiddenSize)) + (8L * turning);

        // Logits, edited; sorted with their ids; weights, sums and comparisons in double.
        var logits = Math.Min(maxRows, HeadReader.TileRows) * 18L * architecture.VocabularySize;

        // Gathered, and converted; where attention is not one kernel, keys and values also scaled and turned.
        var gathered = Tile(kinds.Max(layer => 2L * layer.Attention.KvSize * sizeof(float)));

        // Masks kept for all layers, of each kind of attention; and the mask and scores of a tile, for which masks in bytes are made first.
        var attended = Tile(AttendedBytes(architecture, fused));
        var kept = Math.Max(attended, Math.Min(attentionBytes, AttentionKind.CountOf(architecture) * attended));
        return (sizeof(float) * ((maxRows * row) + logits)) + ((fused ? 2 : 4) * gathered) + kept + (3 * attended / 2);

        long Tile(long tokenBytes) => Math.Max(tokenBytes * architecture.ContextLength, Math.Min(attentionBytes, tokenBytes * architecture.ContextLength * maxRows));
    }

    /// <summary>
    /// Bytes that a row takes for each token it may attend to, of all layers the most: its mask, and where attention is not one kernel the scores of
    /// all heads, before and after they become shares. In FP32.
    /// </summary>
    public static long AttendedBytes(ModelArchitecture architecture, bool fused) => architecture.Stack.Max(layer =>
    {
        var a = layer.Attention;
        return sizeof(float) * (a.Heads / a.KvHeads) * (fused ? 1L : 1 + (2 * a.KvHeads));
    });

    /// <summary>Whether a device attends in one kernel in every layer.</summary>
    public static bool Fuses(TorchDevice device, ModelArchitecture architecture) =>
        architecture.Stack.All(layer => layer.Attention.SoftCap is null && device.FusesAttention(layer.Attention.HeadDim));

    // Of a row: states at work, at rest and on the way between; and of a layer, whose branches free what they made one after the other, inputs
    // normed, in FP32 and as they were, outputs, also normed, and those of experts; projections, normed, turned, converted and cut by slabs;
    // queries, and results in four orders; gate and up; shares of experts.
    private static long RowElements(LayerLayout layer, long hidden)
    {
        var (a, f) = (layer.Attention, layer.FeedForward);
        var exit = layer.ExitTransform is ExitFeedForward own ? Inside(own.Network) : 0;
        return (11 * hidden) + (8L * a.QuerySize) + (7L * a.KvSize) + Math.Max(Inside(f), exit) + (4L * (f.Experts?.Count ?? 0));

        static long Inside(FeedForwardLayout network) => (network.IsGated ? 2L : 1L) * network.Size;
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
