namespace Helios.Sdk.Models;

/// <summary>
/// An open checkpoint: headers parsed and checked, weights still on disk. Every tensor has the shape that
/// <see cref="CheckpointInfo.Architecture"/> implies, so readers need not check it again.
/// Reads are positioned and may come from several threads at once.
/// </summary>
public interface ICheckpoint : IDisposable
{
    /// <summary>The contents of the headers.</summary>
    CheckpointInfo Info { get; }

    /// <summary>
    /// Why nothing more can be read of it: its files are not what they were when it was opened. Null as long as that was not found, and for
    /// checkpoints that do not look.
    /// </summary>
    string? StaleBecause => null;

    /// <summary>Finds a tensor by its role; false if the model has none (for example an exit without its own head).</summary>
    /// <param name="key">Role and layer.</param>
    /// <param name="tensor">Its position and format.</param>
    bool TryGetTensor(TensorKey key, out StoredTensor tensor);

    /// <summary>Reads part of a tensor's bytes as stored (little endian, row-major).</summary>
    /// <param name="tensor">A tensor of this checkpoint.</param>
    /// <param name="offset">First byte inside the tensor.</param>
    /// <param name="destination">Filled completely.</param>
    /// <exception cref="CheckpointChangedException">The file is not what it was when it was opened.</exception>
    /// <exception cref="CheckpointException">The file ended early or could not be read.</exception>
    void Read(StoredTensor tensor, long offset, Span<byte> destination);
}

/// <summary>The role of a tensor, independent of the names in a checkpoint. Shapes: <see cref="LayerLayout.Tensors"/>.</summary>
public enum TensorRole
{
    /// <summary>Token embedding <c>[vocabulary, width]</c>.</summary>
    Embedding,

    /// <summary>Learned positions <c>[rows, hidden]</c>.</summary>
    PositionEmbedding,

    /// <summary>Projection from the embedding to the residual stream <c>[hidden, width]</c>.</summary>
    EmbeddingProjection,

    /// <summary>Norm before the LM head <c>[hidden]</c>.</summary>
    FinalNorm,

    /// <summary>Projection from the residual stream to the LM head <c>[width, hidden]</c>.</summary>
    HeadProjection,

    /// <summary>LM head <c>[vocabulary, width]</c>; for a tied head the embedding itself.</summary>
    Head,

    /// <summary>Norm of the attention branch's input <c>[hidden]</c>.</summary>
    AttentionNorm,

    /// <summary>Query projection <c>[heads x headDim, hidden]</c>.</summary>
    Query,

    /// <summary>Key projection <c>[kvHeads x headDim, hidden]</c>.</summary>
    Key,

    /// <summary>Value projection <c>[kvHeads x headDim, hidden]</c>.</summary>
    Value,

    /// <summary>Norm of queries <c>[headDim]</c>, or of all heads together.</summary>
    QueryNorm,

    /// <summary>Norm of keys <c>[headDim]</c>, or of all heads together.</summary>
    KeyNorm,

    /// <summary>Attention output projection <c>[hidden, heads x headDim]</c>.</summary>
    AttentionOutput,

    /// <summary>Norm of the attention branch's output, or of the sum with it <c>[hidden]</c>.</summary>
    AttentionPostNorm,

    /// <summary>Norm of the feed-forward branch's input <c>[hidden]</c>.</summary>
    FeedForwardNorm,

    /// <summary>Router of experts <c>[experts, hidden]</c>.</summary>
    Router,

    /// <summary>Gate projection <c>[feedForward, hidden]</c>.</summary>
    Gate,

    /// <summary>Up projection <c>[feedForward, hidden]</c>.</summary>
    Up,

    /// <summary>Down projection <c>[hidden, feedForward]</c>.</summary>
    Down,

    /// <summary>Norm of the feed-forward branch's output, or of the sum with it <c>[hidden]</c>.</summary>
    FeedForwardPostNorm,

    /// <summary>An exit's own norm <c>[hidden]</c>; belongs to the last layer that runs before the exit.</summary>
    ExitNorm,

    /// <summary>An exit's own LM head <c>[vocabulary, width]</c>; belongs to the last layer that runs before the exit.</summary>
    ExitHead,

    /// <summary>An exit's map to the final state <c>[hidden, hidden]</c>; see <see cref="Models.ExitMap"/>.</summary>
    ExitMap,

    /// <summary>Norm of the input of an exit's own feed-forward network <c>[hidden]</c>; see <see cref="ExitFeedForward"/>.</summary>
    ExitFeedForwardNorm,

    /// <summary>Gate projection of an exit's own feed-forward network <c>[feedForward, hidden]</c>.</summary>
    ExitGate,

    /// <summary>Up projection of an exit's own feed-forward network <c>[feedForward, hidden]</c>.</summary>
    ExitUp,

    /// <summary>Down projection of an exit's own feed-forward network <c>[hidden, feedForward]</c>.</summary>
    ExitDown,
}

/// <summary>Parts of a projection or of a norm.</summary>
public enum TensorPart
{
    /// <summary>What multiplies.</summary>
    Weight,

    /// <summary>What is added; a vector.</summary>
    Bias,
}

/// <summary>Names a tensor by role and place.</summary>
/// <param name="Role">Its role.</param>
/// <param name="Layer">Layer index from 0; -1 for tensors outside the layers.</param>
/// <param name="Expert">Expert index from 0; -1 for tensors that belong to none.</param>
/// <param name="Part">Weight or bias.</param>
public readonly record struct TensorKey(TensorRole Role, int Layer = -1, int Expert = -1, TensorPart Part = TensorPart.Weight)
{
    /// <summary>Whether it is a vector: a norm's weight, or a bias.</summary>
    public bool IsVector => Part == TensorPart.Bias || IsNorm;

    /// <summary>Whether it belongs to a norm.</summary>
    public bool IsNorm => Role is TensorRole.FinalNorm or TensorRole.AttentionNorm or TensorRole.QueryNorm or TensorRole.KeyNorm
        or TensorRole.AttentionPostNorm or TensorRole.FeedForwardNorm or TensorRole.FeedForwardPostNorm or TensorRole.ExitNorm or TensorRole.ExitFeedForwardNorm;

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Role}{(Part == TensorPart.Bias ? " bias" : "")}{(Layer < 0 ? "" : $" of layer {Layer}")}{(Expert < 0 ? "" : $", expert {Expert}")}";
}

/// <summary>A tensor in a file.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="File">Index of the file within the checkpoint.</param>
/// <param name="Offset">First byte inside the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Rows">Rows; 1 for a vector.</param>
/// <param name="Columns">Elements of a row; whole blocks of the type.</param>
public sealed record StoredTensor(string Name, int File, long Offset, TensorType Type, int Rows, int Columns)
{
    /// <summary>Number of elements.</summary>
    public long Elements => (long)Rows * Columns;

    /// <summary>Bytes of a row: whole blocks of <see cref="Type"/>.</summary>
    public long RowBytes => (long)Columns / Type.BlockElements() * Type.BlockBytes();

    /// <summary>Bytes of the tensor.</summary>
    public long Bytes => Rows * RowBytes;
}
