namespace Helios.Sdk.Models;

/// <summary>
/// A decoder-only transformer as data: an embedding, a stack of layers, a head. Loaders read from it the tensors that a model needs, and
/// backends the operations. A backend refuses a model with a trait that it does not compute.
/// </summary>
public sealed record ModelArchitecture
{
    /// <summary>Architecture family, <c>model_type</c> of <c>config.json</c>, e.g. <c>llama</c>.</summary>
    public required string Family { get; init; }

    /// <summary>Width of the residual stream, in elements.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Maximum tokens of a sequence, prompt and answer together.</summary>
    public required int ContextLength { get; init; }

    /// <summary>How tokens become the residual stream.</summary>
    public required EmbeddingLayout Embedding { get; init; }

    /// <summary>The layers, from the bottom.</summary>
    public required LayerSequence Stack { get; init; }

    /// <summary>How the residual stream becomes logits.</summary>
    public required HeadLayout Head { get; init; }

    /// <summary>Number of transformer layers in the whole model.</summary>
    public int Layers => Stack.Count;

    /// <summary>Rows of the embedding and of the LM head.</summary>
    public int VocabularySize => Embedding.VocabularySize;

    /// <summary>
    /// Tokens of a sequence from which on keys depend on its length, by a rotary scaling of some layer: longer sequences with one prefix have
    /// different keys for it. Null if keys never do.
    /// </summary>
    public int? DependsFromLength => Stack.Min(layer => layer.Attention.Rotary?.Scaling.DependsFromLength);

    /// <summary>The tensors outside the layers.</summary>
    public IEnumerable<TensorSpec> FixedTensors()
    {
        var e = Embedding;
        yield return new TensorSpec(new TensorKey(TensorRole.Embedding), e.VocabularySize, e.Width);
        if (e.Positions is { } positions) yield return new TensorSpec(new TensorKey(TensorRole.PositionEmbedding), positions.Rows, HiddenSize);
        if (e.Width != HiddenSize)
        {
            yield return new TensorSpec(new TensorKey(TensorRole.EmbeddingProjection), HiddenSize, e.Width);
            yield return new TensorSpec(new TensorKey(TensorRole.HeadProjection), e.Width, HiddenSize);
        }

        if (Head.Norm is { } norm)
        {
            foreach (var tensor in TensorSpec.Norm(TensorRole.FinalNorm, -1, HiddenSize, norm)) yield return tensor;
        }

        foreach (var tensor in TensorSpec.Linear(new(TensorRole.Head), e.VocabularySize, e.Width, Head.HasBias)) yield return tensor;
    }

    /// <summary>The tensors of a layer.</summary>
    /// <param name="layer">Index from 0.</param>
    public IEnumerable<TensorSpec> LayerTensors(int layer) => Stack[layer].Tensors(layer, HiddenSize);

    /// <summary>The tensors of an exit: its own norm and head, which it may lack, and those of <see cref="LayerLayout.ExitTransform"/>.</summary>
    /// <param name="depth">Layers executed.</param>
    public IEnumerable<TensorSpec> ExitTensors(int depth)
    {
        if (Head.Norm is { } norm)
        {
            foreach (var tensor in TensorSpec.Norm(TensorRole.ExitNorm, depth - 1, HiddenSize, norm)) yield return tensor with { IsOptional = true };
        }

        yield return new TensorSpec(new TensorKey(TensorRole.ExitHead, depth - 1), Embedding.VocabularySize, Embedding.Width, IsOptional: true);
        if (Stack[depth - 1].ExitTransform is not { } transform) yield break;
        foreach (var tensor in transform.Tensors(depth - 1, HiddenSize)) yield return tensor;
    }

    /// <summary>Weights of a layer's projections that a token passes through: of experts only the active ones.</summary>
    /// <param name="layer">Index from 0.</param>
    public long ActiveWeights(int layer)
    {
        var active = Stack[layer].FeedForward.Experts?.Active ?? 0;
        return LayerTensors(layer).Where(tensor => !tensor.Key.IsVector && tensor.Key.Expert < active).Sum(tensor => (long)tensor.Rows * tensor.Columns);
    }
}
