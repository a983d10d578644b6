using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Adaptation;

/// <summary>A model in the shortlist, and what has been learnt of it. Evidence is added and read under <see cref="Gate"/>.</summary>
internal sealed class Candidate
{
    public Candidate(PoolEntry entry, AdaptationOptions options)
    {
        Entry = entry;
        var layers = entry.Info.Architecture.Layers;
        Depths = options is { Enabled: true, LoadPartially: true } ? [.. entry.Info.Exits.Select(exit => exit.Depth)] : [layers];
        Evidence = new CandidateEvidence(Depths, options.ConfidenceTarget, ServingTelemetry.EvidenceWindow(options));
        Learner = new CalibrationLearner(entry.Info);
    }

    public PoolEntry Entry { get; }

    public string Name => Entry.Info.Name;

    public int FullDepth => Entry.Info.Architecture.Layers;

    /// <summary>Depths that it may serve at, ascending; the full depth is the last.</summary>
    public ImmutableArray<int> Depths { get; }

    public Lock Gate { get; } = new();

    public CandidateEvidence Evidence { get; }

    public CostModel Costs { get; } = new();

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
            Entry.Confidence.Current = calibration;
            for (var exit = 0; exit < taps.Depths.Length; exit++)
            {
                foreach (ref var signal in taps.At(exit)) signal.Confidence = calibration.Map(taps.Depths[exit], signal);
            }

            Evidence.Add(taps);
        }
    }
}
