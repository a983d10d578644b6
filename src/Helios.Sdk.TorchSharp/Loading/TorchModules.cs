using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Operators;

namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>A norm. Its tensors belong to the memory of its part.</summary>
/// <param name="layout">Its formula.</param>
/// <param name="weight">Weights <c>[width]</c>; those of <see cref="NormKind.RmsOffset"/> in FP32, with the 1 added.</param>
/// <param name="bias">Biases <c>[width]</c>; null for none.</param>
internal sealed class TorchNorm(NormLayout layout, Tensor weight, Tensor? bias)
{
    private readonly long[] shape = [weight.numel()];

    /// <summary>Norms the last dimension of <c>x [.., width]</c>. Sums are in FP32.</summary>
    public Tensor Of(Tensor x)
    {
        if (layout.Kind == NormKind.Layer) return torch.nn.functional.layer_norm(x, shape, weight, bias, layout.Epsilon);
        if (x.dtype == weight.dtype) return TorchOperators.RmsNorm(x, weight, layout.Epsilon);
        using var exact = x.to(weight.dtype);
        using var normed = TorchOperators.RmsNorm(exact, weight, layout.Epsilon);
        return normed.to(x.dtype);
    }
}

/// <summary>A projection. Its tensors belong to the memory of its part.</summary>
/// <param name="Weight"><c>[outputs, inputs]</c>.</param>
/// <param name="Bias"><c>[outputs]</c>; null for none.</param>
internal sealed record TorchLinear(WeightMatrix Weight, Tensor? Bias)
{
    /// <summary>Projects <c>x [some, inputs]</c> to <c>[some, outputs]</c>.</summary>
    public Tensor Of(Tensor x) => Weight.Product(x, Bias);

    /// <summary>Adds the projection of <c>x [some, inputs]</c> to <c>sum [some, outputs]</c>.</summary>
    public void AddTo(Tensor sum, Tensor x)
    {
        Weight.AddProduct(sum, x);
        if (Bias is not null) sum.add_(Bias);
    }
}

/// <summary>A feed-forward network.</summary>
/// <param name="GateUp">Rows of the gate, where there is one, then of up, <c>[2 x feedForward, hidden]</c> or <c>[feedForward, hidden]</c>.</param>
/// <param name="Down"><c>[hidden, feedForward]</c>.</param>
internal sealed record TorchNetwork(TorchLinear GateUp, TorchLinear Down);
