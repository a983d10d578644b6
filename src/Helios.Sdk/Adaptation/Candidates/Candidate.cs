using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Adaptation.Candidates;

/// <summary>A model in the shortlist, and what has been learnt of it. Evidence is added and read under <see cref="Gate"/>.</summary>
internal sealed class Candidate
{
    /// <param name="model">What is known of it before it runs.</param>
    /// <param name="options">Depths and window.</param>
    /// <param name="pace">The machine's, which all candidates share; one of its own when null.</param>
    public Candidate(ModelFacts model, AdaptationOptions options, Pace? pace = null)
    {
        Pace = pace ?? new Pace();
        Costs = new CostModel(Pace);
        Model = model;
        Depths = options is { Enabled: true, LoadPartially: true } ? [.. model.Info.Exits.Select(exit => exit.Depth)] : [FullDepth];
        Evidence = new CandidateEvidence(Depths, EvidenceWindow.Texts(options));
        Learner = new CalibrationLearner(model.Info);
    }

    public ModelFacts Model { get; }

    public string Name => Model.Info.Name;

    public int FullDepth => Model.Info.Architecture.Layers;

    /// <summary>Depths that it may serve at, ascending; the full depth is the last.</summary>
    public ImmutableArray<int> Depths { get; }

    public Lock Gate { get; } = new();

    public CandidateEvidence Evidence { get; }

    public CostModel Costs { get; private set; }

    /// <summary>The machine's pace, by which its costs are scaled.</summary>
    public Pace Pace { get; }

    /// <summary>Whether its costs are those of a former run, and were not yet held against this one.</summary>
    public bool CostsAreInherited { get; private set; }

    /// <summary>What the device drew while it computed, as a former run measured; null when none did.</summary>
    public double? FormerWatts { get; private set; }

    private CalibrationLearner Learner { get; }

    /// <summary>Texts that its evidence rests on.</summary>
    public int ScoredTexts
    {
        get { lock (Gate) return Evidence.Requests; }
    }

    /// <summary>All that it ever scored.</summary>
    public (int Texts, long Tokens) Scored { get; private set; }

    public bool HasScored(long text)
    {
        lock (Gate) return Evidence.Has(text);
    }

    /// <summary>Whether evidence of a former run is all that it rests on, and when that was last added to; null when not.</summary>
    public RestoredEvidence? Restored { get; private set; }

    /// <summary>Goes on from what was known of it before.</summary>
    /// <param name="known">Costs and calibration.</param>
    /// <param name="keep">Share of its weight that the calibration keeps, 0..1.</param>
    /// <param name="requests">Requests that it had scored at its exits, under ids that no live request has.</param>
    public void Restore(ModelRecord known, double keep, IEnumerable<RequestEvidence> requests)
    {
        lock (Gate)
        {
            if (CostsAreInherited = known.Costs.IsMeasured) Costs.Restore(known.Costs);
            FormerWatts = known.Watts;
            Learner.Restore(known.Calibration, keep);
            Model.Confidence.Current = Learner.Fit();
            Evidence.Restore(requests);
            Restored = Evidence.Requests > 0 ? new RestoredEvidence(Evidence.Requests, known.At) : null;
        }
    }

    /// <summary>
    /// Its inherited costs are taken to be so many times as high from here on. They are forgotten when no machine explains the
    /// factor: then they never were this model's.
    /// </summary>
    /// <param name="factor">Above 0.</param>
    public void ScaleCosts(double factor)
    {
        lock (Gate)
        {
            var scaled = Costs.Unhurried.AtPace(factor) with { RelativeError = null };
            Costs = new CostModel(Pace);
            if (factor is > 1e-3 and < 1e3) Costs.Restore(scaled);
            CostsAreInherited = false;
        }
    }

    /// <summary>All that is known of it, with the ids of its texts as they are.</summary>
    /// <param name="key">What it is about.</param>
    /// <param name="now">The time.</param>
    public ModelRecord Describe(ModelKey key, DateTimeOffset now)
    {
        lock (Gate)
        {
            return new ModelRecord
            {
                Key = key,
                Name = Name,
                At = Restored?.At ?? now,
                Depths = Depths,
                Size = Model.Size,
                WorkspaceBytes = Model.WorkspaceBytes,
                Costs = Costs.Unhurried,
                Calibration = Learner.Learnt,
                Requests = [.. Evidence.Scored.Where(request => request.Exits.All(exit => double.IsFinite(exit.Nats))).Select(request => new ScoredRequest(now, request))],
            };
        }
    }

    /// <summary>Forgets the texts it scored; calibration and costs stay.</summary>
    public void Forget()
    {
        lock (Gate)
        {
            Evidence.Clear();
            Restored = null;
        }
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
            Scored = (Scored.Texts + 1, Scored.Tokens + taps.Positions);
            Restored = null;
        }
    }
}

/// <summary>Evidence of a former run.</summary>
/// <param name="Requests">Requests of it that still count.</param>
/// <param name="At">When it was last added to.</param>
internal readonly record struct RestoredEvidence(int Requests, DateTimeOffset At);
