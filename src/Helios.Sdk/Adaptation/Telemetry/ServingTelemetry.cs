using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// What the serving loop writes down for the adaptation loop: costs of steps, breaches, finished requests. It wakes the
/// adaptation loop through <see cref="Signals"/>, and never waits for it.
/// </summary>
internal sealed class ServingTelemetry
{
    private const int KeptSteps = 512;

    private readonly SynchronizationContext resumeOn;
    private readonly Lock gate = new();
    private readonly Queue<(string Model, StepTiming Timing)> steps = new(KeptSteps);
    private readonly ReassessmentTrigger reassessment;
    private BreachWatch? breaches;
    private DriftWatch? drift;
    private PaceWatch? pace;
    private EvaluationWatch? watch;
    private double stretch = 1;
    private bool reassessed;
    private long emittedTokens;
    private long emittedBefore;
    private bool published;

    /// <param name="options">The adaptation loop's options.</param>
    /// <param name="time">Clock; the system's when null.</param>
    /// <param name="resumeOn">Where the adaptation loop goes on after a signal; the thread pool when null.</param>
    public ServingTelemetry(AdaptationOptions options, TimeProvider? time = null, SynchronizationContext? resumeOn = null)
    {
        time ??= TimeProvider.System;
        Load = new LoadMeter(time);
        this.resumeOn = resumeOn ?? new();
        Signals = new LoopSignals(this.resumeOn);
        Sampling = new ShadowSampling(options.ShadowScoringRate, options.MinShadowScoringRate);
        Texts = new RecentTexts(EvidenceWindow.TextsPerReassessment(options));
        reassessment = new ReassessmentTrigger(options.ReassessEveryRequests, options.MinimumResidenceRequests, options.ReassessEvery, time);
    }

    /// <summary>What wakes the adaptation loop.</summary>
    public LoopSignals Signals { get; }

    /// <summary>Which finished requests are scored again.</summary>
    public ShadowSampling Sampling { get; }

    /// <summary>Tokens served since the last publish, those that sequences of former points took to their end among them.</summary>
    public long ServedTokens => Volatile.Read(ref emittedTokens) - Volatile.Read(ref emittedBefore);

    public UsualLengths Lengths { get; } = new();

    /// <summary>How long the latest requests took.</summary>
    public RequestTimes Times { get; } = new();

    /// <summary>Demand as it is now.</summary>
    public LoadMeter Load { get; }

    /// <summary>Requests completed since the engine started.</summary>
    public long Completed { get; private set; }

    /// <summary>Most sequences that ran in one step.</summary>
    public int PeakRows { get; private set; }

    /// <summary>The breaches of the published route; null while nothing is guarded.</summary>
    public BreachWatch? BreachWatch
    {
        get => Volatile.Read(ref breaches);
        set => Volatile.Write(ref breaches, value);
    }

    /// <summary>Notices a change of pace from here on; null while nothing is predicted.</summary>
    public PaceWatch? Pace
    {
        set => Volatile.Write(ref pace, value);
    }

    /// <summary>Asks for the requests that a candidate under evaluation answers.</summary>
    public EvaluationWatch Watch(Route route, int requests)
    {
        var fresh = new EvaluationWatch(route, requests, resumeOn);
        Volatile.Write(ref watch, fresh);
        return fresh;
    }

    /// <summary>Finished texts for candidates to be compared on: as many as one evaluation collects.</summary>
    public RecentTexts Texts { get; }

    /// <summary>Takes every step measured since the last call; only the latest are kept.</summary>
    public List<(string Model, StepTiming Timing)> TakeSteps()
    {
        lock (gate)
        {
            var taken = steps.ToList();
            steps.Clear();
            return taken;
        }
    }

    /// <summary>Any thread: a request has come, whether or not it was let in.</summary>
    /// <param name="maxTokens">Most tokens of its answer.</param>
    public void RequestArrived(int maxTokens) => Load.Asked(Math.Min(maxTokens, Lengths.Total - Lengths.Prompt));

    /// <summary>Device thread: a step of one model ran.</summary>
    /// <param name="model">The model.</param>
    /// <param name="timing">What it took.</param>
    /// <param name="waiting">Requests that waited meanwhile.</param>
    public void StepRan(string model, in StepTiming timing, int waiting = 0)
    {
        lock (gate)
        {
            if (steps.Count == KeptSteps) steps.Dequeue();
            steps.Enqueue((model, timing));
        }

        PeakRows = Math.Max(PeakRows, timing.Sequences);
        if (Load.StepRan(timing.Sequences, waiting, timing.Times.Total)) Signals.Send(new LoopSignal(AdaptationTrigger.LoadChanged));
        if (Volatile.Read(ref pace)?.StepRan(model, timing) == true) Signals.Send(new LoopSignal(AdaptationTrigger.PaceChanged));
    }

    /// <summary>Device thread: a token was emitted.</summary>
    public void TokenEmitted(in EmittedToken token)
    {
        Volatile.Write(ref emittedTokens, emittedTokens + 1);
        Volatile.Read(ref drift)?.Note(token);
        if (BreachWatch?.Count(token) == true) Signals.Send(new LoopSignal(AdaptationTrigger.Breach));
    }

    /// <summary>Device thread: a sequence ended. True when its text is to be kept for scoring.</summary>
    /// <param name="route">What served it.</param>
    /// <param name="completed">Whether its answer is whole.</param>
    public bool SequenceEnded(Route route, bool completed)
    {
        BreachWatch?.NoteEnd(route);
        if (Volatile.Read(ref drift)?.NoteEnd(route, Load.Facts.MeanBatch) == true) Signals.Send(new LoopSignal(AdaptationTrigger.Drift));
        var watched = Volatile.Read(ref watch) is { } present && present.Ended(route);
        var sampled = completed && Sampling.Take();
        return sampled || (completed && watched);
    }

    /// <summary>Device thread: a text is to be scored; wakes the adaptation loop when enough of them wait.</summary>
    public void Keep(FinishedText text)
    {
        Texts.Add(text);
        if (Sampling.IsDue) Signals.Send(new LoopSignal(AdaptationTrigger.Quality));
    }

    /// <summary>Device thread: a request was answered in full, and its text kept if it is to be.</summary>
    public void RequestCompleted(int promptTokens, int totalTokens)
    {
        Completed++;
        Lengths.Add(promptTokens, totalTokens);
        CountInterval();
    }

    /// <summary>Adaptation loop: a route was published; its residence counts from here, and drift is looked for in what it serves.</summary>
    public void Published(Route route)
    {
        Volatile.Write(ref drift, new DriftWatch(route));
        Volatile.Write(ref published, true);
        Volatile.Write(ref emittedBefore, Volatile.Read(ref emittedTokens));
        Sampling.Published();
    }

    /// <summary>Adaptation loop: candidates were reassessed; the next interval begins here, so that scoring, which may take long, is no part of it.</summary>
    /// <param name="next">By how much it has more requests than configured, at least 1.</param>
    public void Reassessed(double next)
    {
        Volatile.Write(ref stretch, next);
        Volatile.Write(ref reassessed, true);
    }

    private void CountInterval()
    {
        // The adaptation loop only leaves word: the counter belongs to the device thread.
        if (Interlocked.Exchange(ref published, false)) reassessment.Published();
        if (Interlocked.Exchange(ref reassessed, false)) reassessment.Reassessed(Volatile.Read(ref stretch));
        if (!reassessment.RequestFinished()) return;
        reassessment.Reassessed();
        Signals.Send(new LoopSignal(AdaptationTrigger.Reassessment));
    }
}

/// <summary>Completes when the requests given to a candidate under evaluation have ended.</summary>
internal sealed class EvaluationWatch(Route route, int requests, SynchronizationContext resumeOn)
{
    private readonly TaskCompletionSource done = new();
    private int left = requests;

    public Task Done => done.Task;

    /// <summary>A sequence of some route ended; true when it was one of these.</summary>
    public bool Ended(Route ended)
    {
        if (!ReferenceEquals(ended, route)) return false;
        var now = Interlocked.Decrement(ref left);
        if (now == 0) resumeOn.Post(static done => ((TaskCompletionSource)done!).SetResult(), done);
        return now >= 0;
    }
}
