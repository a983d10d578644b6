using Helios.Sdk.TorchSharp.Operators;

namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>A matrix of weights <c>[rows, columns]</c> as products take it. Its tensors belong to the memory of its part.</summary>
internal abstract class WeightMatrix
{
    /// <summary><c>x [some, columns]</c> times the transposed matrix, <c>[some, rows]</c>.</summary>
    public abstract Tensor Product(Tensor x);

    /// <summary>Adds <c>x [some, columns]</c> times the transposed matrix to <c>sum [some, rows]</c>.</summary>
    public abstract void AddProduct(Tensor sum, Tensor x);

    /// <summary>Rows by their numbers, <c>[numbers, columns]</c> in the type of activations.</summary>
    public abstract Tensor Pick(Tensor numbers);
}

/// <summary>Weights in the type of activations.</summary>
/// <param name="weights"><c>[rows, columns]</c>.</param>
/// <param name="transposed">The same memory, <c>[columns, rows]</c>.</param>
internal sealed class PlainMatrix(Tensor weights, Tensor transposed) : WeightMatrix
{
    public override Tensor Product(Tensor x) => x.matmul(transposed);

    public override void AddProduct(Tensor sum, Tensor x) => sum.addmm_(x, transposed);

    public override Tensor Pick(Tensor numbers) => weights.index_select(0, numbers);
}

/// <summary>Weights in 8 bits, each row times a scale.</summary>
/// <param name="weights"><c>[rows, columns]</c> in 8 bits.</param>
/// <param name="scales"><c>[rows]</c> in the type of activations.</param>
internal sealed class Int8Matrix(Tensor weights, Tensor scales) : WeightMatrix
{
    public override Tensor Product(Tensor x) => TorchOperators.Int8Product(x.contiguous(), weights, scales);

    public override void AddProduct(Tensor sum, Tensor x) => sum.add_(Product(x));

    public override Tensor Pick(Tensor numbers) =>
        weights.index_select(0, numbers).to(scales.dtype).mul_(scales.index_select(0, numbers).unsqueeze(1));
}
