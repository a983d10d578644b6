using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Sdk.Adaptation.Candidates;

/// <summary>What a record is about: what was measured of one checkpoint holds on one device, in one precision.</summary>
/// <param name="Fingerprint">Hash of the checkpoint.</param>
/// <param name="Device">The hardware, as <see cref="DeviceInfo.Description"/> says.</param>
/// <param name="Precision">How weights are held; <see cref="Precision.Auto"/> for F16 and quantised files, which backends hold in their own ways.</param>
internal readonly record struct ModelKey(string Fingerprint, string Device, Precision Precision)
{
    /// <summary>The key of a checkpoint; <see cref="Precision.Auto"/> is what it comes to.</summary>
    /// <param name="model">What the checkpoint says.</param>
    /// <param name="device">The hardware.</param>
    /// <param name="precision">How weights are held.</param>
    public static ModelKey Of(CheckpointInfo model, string device, Precision precision) => new(
        model.Fingerprint,
        device,
        (precision, model.StoredType) switch
        {
            (Precision.Auto, TensorType.BF16) => Precision.Bf16,
            (Precision.Auto, var stored) when stored == TensorType.F16 || stored.IsQuantised() => Precision.Auto,
            (Precision.Auto, _) => Precision.Fp32,
            _ => precision,
        });
}

/// <summary>What all measurements of an engine are made on.</summary>
/// <param name="Device">The hardware, as <see cref="DeviceInfo.Description"/> says.</param>
/// <param name="Precision">How weights are held.</param>
internal sealed record MeasuredOn(string Device, Precision Precision)
{
    /// <summary>The key of a checkpoint.</summary>
    public ModelKey KeyOf(CheckpointInfo model) => ModelKey.Of(model, Device, Precision);
}

/// <summary>What was measured of one checkpoint: all that profiles are made of, and no word of any text.</summary>
internal sealed record ModelRecord
{
    /// <summary>What it is about.</summary>
    public required ModelKey Key { get; init; }

    /// <summary>Name of the model, for people.</summary>
    public required string Name { get; init; }

    /// <summary>When it was last added to.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Exits that were scored, ascending; the last is the full depth.</summary>
    public required ImmutableArray<int> Depths { get; init; }

    /// <summary>Bytes of its parts on the device.</summary>
    public required LoadSize Size { get; init; }

    /// <summary>Bytes of its activations.</summary>
    public required long WorkspaceBytes { get; init; }

    /// <summary>The cost of its steps.</summary>
    public required StepCosts Costs { get; init; }

    /// <summary>What its exits' signals were found to be worth.</summary>
    public ImmutableArray<ExitBins> Calibration { get; init; } = [];

    /// <summary>Scored requests, in the order in which they were scored.</summary>
    public ImmutableArray<ScoredRequest> Requests { get; init; } = [];

    /// <summary>What a request took when it was alone; null when none was timed.</summary>
    public AloneTimes? Alone { get; init; }

    /// <summary>What the device drew while it computed; null when nothing measured it.</summary>
    public double? Watts { get; init; }
}

/// <summary>A scored request and when it was scored.</summary>
/// <param name="At">When.</param>
/// <param name="Evidence">Its sums; the text's number holds within one repository.</param>
internal sealed record ScoredRequest(DateTimeOffset At, RequestEvidence Evidence);

/// <summary>Medians over requests that ran alone.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="TtftMs">Time to the first token, in milliseconds.</param>
/// <param name="TpotMs">Time per further token, in milliseconds.</param>
internal sealed record AloneTimes(int PromptTokens, double TtftMs, double TpotMs);

/// <summary>A model repository: telemetry of many checkpoints, as one file holds it.</summary>
/// <param name="Models">One record per key.</param>
/// <param name="Usual">Lengths of a usual request; null when none was served.</param>
internal sealed record ModelRepository(ImmutableArray<ModelRecord> Models, UsualRequest? Usual = null)
{
    /// <summary>Nothing is known.</summary>
    public static ModelRepository Empty { get; } = new([]);

    /// <summary>The record about a key; null when there is none.</summary>
    /// <param name="key">What it is about.</param>
    public ModelRecord? Find(ModelKey key) => Models.FirstOrDefault(model => model.Key == key);
}

/// <summary>Lengths of a usual request.</summary>
/// <param name="PromptTokens">Tokens of its prompt, at least 1.</param>
/// <param name="TotalTokens">Tokens of prompt and answer, more than that.</param>
internal sealed record UsualRequest(int PromptTokens, int TotalTokens);
