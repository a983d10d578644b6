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

    /// <summary>Exits as the model offers them: the full depth always last.</summary>
    public ImmutableArray<ModelExit> ToExits(int layers)
    {
        var exits = Exits.Select(exit => new ModelExit(exit.Depth, exit.Norm is not null, exit.Head is not null));
        return Exits.Length > 0 && Exits[^1].Depth == layers ? [.. exits] : [.. exits, new ModelExit(layers)];
    }
}

/// <summary>One listed exit. What is null it has not, or shares with the model.</summary>
/// <param name="Depth">Layers executed.</param>
internal sealed record SidecarExit(int Depth)
{
    /// <summary>Its own norm.</summary>
    public SidecarTensors? Norm { get; init; }

    /// <summary>Its own LM head.</summary>
    public SidecarTensor? Head { get; init; }

    /// <summary>Its map to the final state.</summary>
    public SidecarTensors? Map { get; init; }

    /// <summary>Its own feed-forward network.</summary>
    public SidecarNetwork? Network { get; init; }

    /// <summary>Its screen, which nothing uses yet: projections to a few directions, and from them to logits.</summary>
    public (SidecarTensors Down, SidecarTensors Up)? Screen { get; init; }

    /// <summary>Maps to the inputs of layers above the first that a leaving token skips, which nothing uses yet.</summary>
    public ImmutableArray<SidecarTensors> Fill { get; init; } = [];

    /// <summary>Whether it has anything of its own.</summary>
    public bool IsOwn => (Norm ?? Map) is not null || Head is not null || Network is not null || Screen is not null || !Fill.IsEmpty;
}

/// <summary>A tensor that the sidecar names.</summary>
/// <param name="Name">Its name in the files.</param>
/// <param name="Field">The field that names it.</param>
internal sealed record SidecarTensor(string Name, string Field);

/// <summary>A weight and the bias beside it.</summary>
internal sealed record SidecarTensors(SidecarTensor Weight, SidecarTensor? Bias);

/// <summary>An exit's own feed-forward network; without a gate where that is null.</summary>
internal sealed record SidecarNetwork(SidecarTensors Norm, SidecarTensors? Gate, SidecarTensors Up, SidecarTensors Down);
