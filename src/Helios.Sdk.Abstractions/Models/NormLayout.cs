namespace Helios.Sdk.Models;

/// <summary>A norm of the residual stream, or of queries and keys.</summary>
/// <param name="Kind">Its formula.</param>
/// <param name="Epsilon">Added to the mean square, or to the variance.</param>
/// <param name="HasBias">Whether a bias <c>[width]</c> is added; layer norms only.</param>
public sealed record NormLayout(NormKind Kind, float Epsilon, bool HasBias = false);

/// <summary>Formulas of norms.</summary>
public enum NormKind
{
    /// <summary>x / sqrt(mean(x²) + epsilon) x w (Zhang and Sennrich, 2019).</summary>
    Rms,

    /// <summary>The same with 1 + w in place of w, as in Gemma.</summary>
    RmsOffset,

    /// <summary>(x - mean) / sqrt(variance + epsilon) x w (Ba et al., 2016).</summary>
    Layer,
}

/// <summary>Where a layer's norms stand. Each branch, attention and feed-forward, has its own norms.</summary>
public enum NormPosition
{
    /// <summary>On the input of a branch: x + f(n(x)), as in Llama.</summary>
    Before,

    /// <summary>On the output of a branch: x + n(f(x)), as in OLMo 2.</summary>
    After,

    /// <summary>On both: x + n2(f(n1(x))), as in Gemma 2.</summary>
    Around,

    /// <summary>On the sum: n(x + f(x)), as in the first transformers and in OPT-350m.</summary>
    AfterResidual,
}
