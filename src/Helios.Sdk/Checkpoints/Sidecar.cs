using System.Collections.Immutable;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>What <c>helios.json</c> says.</summary>
/// <param name="Exits">Exits as listed, in order of depth; the full depth only if the file lists it.</param>
/// <param name="Calibration">Curves by exit, or null.</param>
internal sealed record Sidecar(ImmutableArray<SidecarExit> Exits, SidecarCalibration? Calibration)
{
    /// <summary>A model without a sidecar: one exit, its full depth.</summary>
    public static Sidecar Empty { get; } = new([], null);

    /// <summary>Digests that tensors are held against, by name.</summary>
    public IReadOnlyDictionary<string, TensorDigests.Named> Digests { get; init; } = ImmutableDictionary<string, TensorDigests.Named>.Empty;

    /// <summary>Whether some exit brings tensors of its own.</summary>
    public bool NamesTensors => Exits.Any(exit => exit.Norm is not null || exit.Head is not null);

    /// <summary>Exits as the model offers them: the full depth always last.</summary>
    public ImmutableArray<ModelExit> ToExits(int layers)
    {
        var exits = Exits.Select(exit => new ModelExit(exit.Depth, exit.Norm is not null, exit.Head is not null));
        return Exits.Length > 0 && Exits[^1].Depth == layers ? [.. exits] : [.. exits, new ModelExit(layers)];
    }
}

/// <summary>One listed exit.</summary>
/// <param name="Depth">Layers executed.</param>
/// <param name="Norm">Name of its own norm, or null to share the final one.</param>
/// <param name="Head">Name of its own LM head, or null to share the final one.</param>
internal sealed record SidecarExit(int Depth, string? Norm, string? Head);
