using Helios.Sdk.TorchSharp.Operators;

namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>A matrix of weights <c>[rows, columns]</c> as products take it. Its tensors belong to the memory of its part.</summary>
internal abstract class WeightMatrix
{
    /// <summary><c>x [some, columns]</c> times the transposed matrix, and a bias <c>[rows]</c> where there is one: <c>[some, rows]</c>.</summary>
    public abstract Tensor Product(Tensor x, Tensor? bias = null);

    /// <summary>Adds <c>x [some, columns]</c> times the transposed matrix to <c>sum [some, rows]</c>.</summary>
    public abstract void AddProduct(Tensor sum, Tensor x);

    /// <summary>Rows by their numbers, <c>[numbers, columns]</c> in the type of activations.</summary>
    public abstract Tensor Pick(Tensor numbers);

    /// <summary>A product with its bias added in place.</summary>
    protected static Tensor WithBias(Tensor product, Tensor? bias) => bias is null ? product : product.add_(bias);
}

/// <summary>Weights in the type of activations.</summary>
/// <param name="weights"><c>[rows, columns]</c>.</param>
/// <param name="transposed">The same memory, <c>[columns, rows]</c>.</param>
internal sealed class PlainMatrix(Tensor weights, Tensor transposed) : WeightMatrix
{
    public override Tensor Product(Tensor x, Tensor? bias = null) => bias is null ? x.matmul(transposed) : bias.addmm(x, transposed);

    public override void AddProduct(Tensor sum, Tensor x) => sum.addmm_(x, transposed);

    public override Tensor Pick(Tensor numbers) => weights.index_select(0, numbers);
}

/// <summary>Weights in 8 bits, each row times a scale.</summary>
/// <param name="weights"><c>[rows, columns]</c> in 8 bits.</param>
/// <param name="scales"><c>[rows]</c> in the type of activations.</param>
internal sealed class Int8Matrix(Tensor weights, Tensor scales) : WeightMatrix
{
    public override Tensor Product(Tensor x, Tensor? bias = null) => WithBias(TorchOperators.Int8Product(x.contiguous(), weights, scales), bias);

    public override void AddProduct(Tensor sum, Tensor x) => sum.add_(Product(x));

    public override Tensor Pick(Tensor numbers) =>
        weights.index_select(0, numbers).to(scales.dtype).mul_(scales.index_select(0, numbers).unsqueeze(1));
}

/// <summary>Weights in 4 bits, each group of a row times a scale. Layers alone hold such, which pick no rows.</summary>
/// <param name="packed">Numbers as <see cref="TorchOperators.Int4Pack"/> makes them.</param>
/// <param name="scales"><c>[columns / group, rows, 2]</c> in the type of activations.</param>
internal sealed class Int4Matrix(Tensor packed, Tensor scales) : WeightMatrix
{
    public override Tensor Product(Tensor x, Tensor? bias = null) => WithBias(TorchOperators.Int4Product(x.contiguous(), packed, scales), bias);

    public override void AddProduct(Tensor sum, Tensor x) => sum.add_(Product(x));

    public override Tensor Pick(Tensor numbers) => throw new NotSupportedException("An embedding is not held in 4 bits.");
}

/// <summary>Some rows of a matrix that cannot be cut.</summary>
/// <param name="whole">The matrix.</param>
/// <param name="first">The first row.</param>
/// <param name="rows">Number of rows.</param>
internal sealed class PartMatrix(WeightMatrix whole, long first, long rows) : WeightMatrix
{
    public override Tensor Product(Tensor x, Tensor? bias = null) => WithBias(whole.Product(x).narrow(1, first, rows), bias);

    public override void AddProduct(Tensor sum, Tensor x) => sum.add_(Product(x));

    public override Tensor Pick(Tensor numbers) => whole.Pick(numbers + first);
}
