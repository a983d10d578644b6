namespace Helios.Sdk.TorchSharp.Model;

/// <summary>What a step takes of the device beside weights and KV.</summary>
internal static class Activations
{
    /// <summary>
    /// A bound on the bytes held at one time. Counted in FP32: states and their mirror image; projections, turned and copied; gate and up; one
    /// tile of keys and values, gathered and converted; masks; logits of a tile, sorted and summed.
    /// </summary>
    /// <param name="architecture">Shape of the model.</param>
    /// <param name="maxRows">Most rows of a step.</param>
    /// <param name="attentionBytes">Most bytes gathered at one time, but at least those of a sequence.</param>
    public static long Bound(ModelArchitecture architecture, int maxRows, long attentionBytes)
    {
        var projections = architecture.QuerySize + (2L * architecture.KvSize);
        var row = (6L * architecture.HiddenSize) + (4 * projections) + (3L * architecture.FeedForwardSize);
        var sequence = 2L * architecture.ContextLength * architecture.KvSize;
        var logits = (long)Math.Min(maxRows, HeadReader.TileRows) * architecture.VocabularySize * 16;
        return (sizeof(float) * ((maxRows * row) + logits)) + attentionBytes + (2 * Math.Max(attentionBytes, sequence * sizeof(float)));
    }
}
