using System.Collections.Immutable;
using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk.Models;

/// <summary>A description of a checkpoint, read from its headers before its weights are loaded.</summary>
public sealed record CheckpointInfo
{
    /// <summary>Name of the model: the name of its folder, or of its GGUF file without the extension, unless the pool gives another.</summary>
    public required string Name { get; init; }

    /// <summary>Absolute path of the folder, or of the GGUF file.</summary>
    public required string Path { get; init; }

    /// <summary>Shape of the model.</summary>
    public required ModelArchitecture Architecture { get; init; }

    /// <summary>
    /// Trained exits in order of depth, the full depth always last. A model without <c>helios.json</c> has only the full depth.
    /// </summary>
    public required ImmutableArray<ModelExit> Exits { get; init; }

    /// <summary>Element type of the stored layers; the widest if they differ. Of a quantised model, the type of most weights.</summary>
    public required TensorType StoredType { get; init; }

    /// <summary>Number of stored weights, over all tensors that the model uses.</summary>
    public required long Parameters { get; init; }

    /// <summary>
    /// Hexadecimal hash of the headers and sizes of the files and of a sample of every tensor. It is equal for equal checkpoints, cheap to
    /// compute, and different after any training of a tensor. It does not detect an edit of single weights outside the samples.
    /// </summary>
    public required string Fingerprint { get; init; }

    /// <summary>Ids at which generation stops, from <c>generation_config.json</c> or <c>config.json</c>, or from the metadata of a GGUF file.</summary>
    public ImmutableArray<int> EndOfSequenceIds { get; init; } = [];

    /// <summary>How the model asks to be sampled, from <c>generation_config.json</c>, or from the metadata of a GGUF file; greedy if it says nothing.</summary>
    public SamplingDefaults Sampling { get; init; } = SamplingDefaults.None;

    /// <summary>Calibration of the exits' signals from <c>helios.json</c>; null if it has none.</summary>
    public SidecarCalibration? Calibration { get; init; }

    /// <summary>What a user should know about how the model is served, in one sentence; null if there is nothing.</summary>
    public string? Remark { get; init; }

    /// <summary>The exit at <paramref name="depth"/>, or null if the model has no exit there.</summary>
    /// <param name="depth">Layers executed.</param>
    public ModelExit? ExitAt(int depth)
    {
        foreach (var exit in Exits)
        {
            if (exit.Depth == depth) return exit;
        }

        return null;
    }
}

/// <summary>A depth at which a model may stop.</summary>
/// <param name="Depth">Layers executed: 6 means that layers 0..5 ran.</param>
/// <param name="OwnNorm">Whether the exit has its own norm (otherwise it shares the final norm).</param>
/// <param name="OwnHead">Whether the exit has its own LM head (otherwise it shares the final head).</param>
public sealed record ModelExit(int Depth, bool OwnNorm = false, bool OwnHead = false);

/// <summary>Calibration from a checkpoint's <c>helios.json</c>.</summary>
/// <param name="Signal">The signal that the points map from.</param>
/// <param name="Curves">By exit depth: points <c>(signal, P(token equals the full-depth token))</c>, both ascending.</param>
public sealed record SidecarCalibration(
    ExitSignalKind Signal,
    ImmutableDictionary<int, ImmutableArray<CalibrationPoint>> Curves);

/// <summary>One point of a calibration curve.</summary>
/// <param name="Signal">Value of the confidence signal.</param>
/// <param name="Agreement">Probability that the exit's token equals the full-depth token, 0..1.</param>
public readonly record struct CalibrationPoint(double Signal, double Agreement);
