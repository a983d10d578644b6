namespace Helios.Sdk;

/// <summary>A target of a load: model, depth and precision. A depth below the model's layers is a partial load.</summary>
/// <param name="Model">Name of the model in the pool.</param>
/// <param name="Depth">Layers loaded, counted from the bottom.</param>
/// <param name="Precision">Precision of the weights.</param>
public sealed record LoadTarget(string Model, int Depth, Precision Precision = Precision.Auto)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Model}@{Depth}";
}

/// <summary>An operating point: a load target with an exit policy or drafts.</summary>
/// <param name="Target">The load target.</param>
/// <param name="ExitPolicy">Name of the per-token exit policy; <c>none</c> runs every token to the loaded depth.</param>
/// <param name="DraftDepth">Exit at which tokens are drafted that the remaining layers verify, with the same output; null turns drafts off.</param>
public sealed record OperatingPoint(LoadTarget Target, string ExitPolicy = "none", int? DraftDepth = null)
{
    /// <inheritdoc/>
    public override string ToString() =>
        DraftDepth is { } depth ? $"{Target}+lossless:{depth}"
        : ExitPolicy == "none" ? Target.ToString()
        : $"{Target}+{ExitPolicy}";
}
