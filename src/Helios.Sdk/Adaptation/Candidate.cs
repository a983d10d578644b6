using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Adaptation;

/// <summary>A model in the shortlist, and what has been learnt of it. Evidence is added and read under <see cref="Gate"/>.</summary>
internal sealed class Candidate
{
    /// <param name="model">What is known of it before it runs.</param>
    /// <param name="options">Depths, target and window.</param>
    /// <param name="pace">The machine's, which all candidates share; one of its own when null.</param>
    public Candidate(CandidateModel model, AdaptationOptions options, Pace? pace = null)
    {
        Costs = new CostModel(pace);
        Model = model;
        Depths = options is { Enabled: true, LoadPartially: true } ? [.. model.Info.Exits.Select(exit => exit.Depth)] : [FullDepth];
        Evidence = new CandidateEvidence(Depths, options.ConfidenceTarget, ServingTelemetry.EvidenceWindow(options));
        Learner = new CalibrationLearner(model.Info);
    }

    public CandidateModel Model { get; }

    public string Name => Model.Info.Name;

    public int FullDepth => Model.Info.Architecture.Layers;

    /// <summary>Depths that it may serve at, ascending; the full depth is the last.</summary>
    public ImmutableArray<int> Depths { get; }

    public Lock Gate { get; } = new();

    public CandidateEvidence Evidence { get; }

    public CostModel Costs { get; }

    private CalibrationLearner Learner { get; }

    /// <summary>Texts that its evidence rests on.</summary>
    public int ScoredTexts
    {
        get { lock (Gate) return Evidence.Requests; }
    }

    public bool HasScored(long text)
    {
        lock (Gate) return Evidence.Has(text);
    }

    /// <summary>Forgets the texts it scored; calibration and costs stay.</summary>
    public void Forget()
    {
        lock (Gate) Evidence.Clear();
    }

    public void Observe(in StepTiming timing)
    {
        lock (Gate) Costs.Observe(timing);
    }

    /// <summary>
    /// Learns from a scored text: the calibration first, so that the confidences the evidence is made of are those that
    /// would serve.
    /// </summary>
    public void Learn(RequestTaps taps)
    {
        lock (Gate)
        {
            Learner.Decay(0.995);
            Learner.Add(taps);
            var calibration = Learner.Fit();
            Model.Confidence.Current = calibration;
            for (var exit = 0; exit < taps.Depths.Length; exit++)
            {
                foreach (ref var signal in taps.At(exit)) signal.Confidence = calibration.Map(taps.Depths[exit], signal);
            }

            Evidence.Add(taps);
        }
    }
}

/// <summary>What is known of a model before anything of it runs.</summary>
/// <param name="Info">What its headers say.</param>
/// <param name="Size">Bytes of its parts.</param>
/// <param name="WorkspaceBytes">Bytes of its activations.</param>
/// <param name="Confidence">Where the calibration that is learnt takes effect.</param>
internal sealed record CandidateModel(CheckpointInfo Info, LoadSize Size, long WorkspaceBytes, ConfidenceSource Confidence);
