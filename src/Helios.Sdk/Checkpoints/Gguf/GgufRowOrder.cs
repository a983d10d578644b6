namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>
/// The order of the rows of query and key projections. In some architectures llama.cpp turns the pairs of rows (2i, 2i + 1) of a head, where
/// Hugging Face turns (i, i + headDim / 2): the rows of such a file come in pairs, and are put back.
/// </summary>
/// <param name="HeadDim">Rows of a head; 0 where rows lie as Hugging Face has them.</param>
internal readonly record struct GgufRowOrder(int HeadDim)
{
    /// <summary>The order of an architecture.</summary>
    /// <param name="architecture">Its name in the file.</param>
    /// <param name="headDim">Rows of a head.</param>
    public static GgufRowOrder Of(string architecture, int headDim) => new(architecture is "llama" or "granite" or "smollm3" or "arcee" ? headDim : 0);

    /// <summary>Whether the rows of a tensor lie in another order than they are handed out in.</summary>
    /// <param name="tensor">Its name in the file.</param>
    public bool Changes(string tensor) =>
        HeadDim > 0 && (tensor.EndsWith(".attn_q.weight", StringComparison.Ordinal) || tensor.EndsWith(".attn_k.weight", StringComparison.Ordinal)
            || tensor.EndsWith(".attn_q.bias", StringComparison.Ordinal) || tensor.EndsWith(".attn_k.bias", StringComparison.Ordinal));

    /// <summary>Where a row of a head lies in it.</summary>
    /// <param name="row">The row as handed out, from 0 to the width of a head.</param>
    public int StoredRow(int row) => 2 * (row % (HeadDim / 2)) + row / (HeadDim / 2);
}
