using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Helios.Sdk.Adaptation.Selection;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// What the serving loop writes down for the adaptation loop: costs of steps, breaches, finished requests. It wakes the
/// adaptation loop through <see cref="ReadSignalsAsync"/>, and never waits for it.
/// </summary>
internal sealed class ServingTelemetry : IServingObserver
{
    private const int KeptSteps = 512;

    private readonly AdaptationOptions options;
    private readonly Lock gate = new();
    private readonly Queue<(string Model, StepTiming Timing)> steps = new(KeptSteps);
    private readonly Channel<LoopSignal> signals = Channel.CreateUnbounded<LoopSignal>();
    private readonly ReassessmentTrigger reassessment;
    private Guard? guard;
    private EvaluationWatch? watch;
    private int unread;
    private double sampling;
    private bool published;

    public ServingTelemetry(AdaptationOptions options)
    {
        this.options = options;
        Texts = new RecentTexts(EvidenceWindow(options));
        reassessment = new ReassessmentTrigger(options.ReassessEveryRequests, options.MinimumResidenceRequests);
    }

    public UsualLengths Lengths { get; } = new();

    /// <summary>Requests completed since the engine started.</summary>
    public long Completed { get; private set; }

    /// <summary>Most sequences that ran in one step.</summary>
    public int PeakRows { get; private set; }

    /// <summary>The guard of the published route; null while nothing is guarded.</summary>
    public Guard? Guard
    {
        get => Volatile.Read(ref guard);
        set => Volatile.Write(ref guard, value);
    }

    /// <summary>Texts that candidates are judged by: those of one evaluation, or of one interval between reassessments if that gives more.</summary>
    public static int EvidenceWindow(AdaptationOptions options) => Math.Max(
        options.Candidates * options.RequestsPerCandidate,
        (int)Math.Ceiling(options.ReassessEveryRequests * options.ShadowScoringRate));

    /// <summary>Asks for the requests that a candidate under evaluation answers.</summary>
    public EvaluationWatch Watch(Route route, int requests)
    {
        var fresh = new EvaluationWatch(route, requests);
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

    /// <summary>What wakes the adaptation loop, its one reader.</summary>
    public async IAsyncEnumerable<LoopSignal> ReadSignalsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var signal in signals.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            Interlocked.And(ref unread, ~Bit(signal));
            yield return signal;
        }
    }

    /// <summary>
    /// Any thread: wakes the adaptation loop. One unread signal of a kind is enough, a second would say nothing new; but none
    /// crowds out another kind, for a breach is told only once.
    /// </summary>
    public void Signal(LoopSignal signal)
    {
        if ((Interlocked.Or(ref unread, Bit(signal)) & Bit(signal)) == 0) signals.Writer.TryWrite(signal);
    }

    public void StepRan(ServedModel model, in StepTiming timing)
    {
        lock (gate)
        {
            if (steps.Count == KeptSteps) steps.Dequeue();
            steps.Enqueue((model.Info.Name, timing));
        }

        PeakRows = Math.Max(PeakRows, timing.SampledRows);
    }

    public void TokenEmitted(Sequence sequence, int depth, float confidence)
    {
        if (Guard?.Count(sequence, depth, confidence) == true) Signal(LoopSignal.Breach);
    }

    public void SequenceEnded(Sequence sequence, StreamEndKind kind)
    {
        if (sequence.Route is not { } route) return;
        Guard?.NoteEnd(sequence);
        var watched = Volatile.Read(ref watch) is { } present && present.Ended(route);
        if (kind != StreamEndKind.Completed) return;

        Completed++;
        Lengths.Add(sequence.PromptLength, sequence.Known);
        if (watched || Sampled()) Texts.Add(new FinishedText(sequence.Id, sequence.Tokens.ToArray(), sequence.PromptLength, route.Lease.Served.Tokenizer, route.Point));
        CountInterval();
    }

    /// <summary>Adaptation loop: a route was published; its residence counts from here.</summary>
    public void Published() => Volatile.Write(ref published, true);

    private static int Bit(LoopSignal signal) => 1 << (int)signal;

    private void CountInterval()
    {
        // The adaptation loop only leaves word: the counter belongs to the device thread.
        if (Interlocked.Exchange(ref published, false)) reassessment.Published();
        if (!reassessment.RequestFinished()) return;
        reassessment.Reassessed();
        Signal(LoopSignal.ReassessmentDue);
    }

    /// <summary>Every n-th request at a rate of 1/n.</summary>
    private bool Sampled()
    {
        sampling += options.ShadowScoringRate;
        if (sampling < 1) return false;
        sampling -= 1;
        return true;
    }
}

/// <summary>What wakes the adaptation loop.</summary>
internal enum LoopSignal
{
    /// <summary>The breach counter went over its limit.</summary>
    Breach,

    /// <summary>So many requests have passed, or somebody asked.</summary>
    ReassessmentDue,

    /// <summary>Every candidate has scored the latest texts.</summary>
    TextsScored,
}

/// <summary>Tells when the requests given to a candidate under evaluation have ended.</summary>
internal sealed class EvaluationWatch(Route route, int requests)
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int left = requests;

    public Task Done => done.Task;

    /// <summary>A sequence of some route ended; true when it was one of these.</summary>
    public bool Ended(Route ended)
    {
        if (!ReferenceEquals(ended, route)) return false;
        var now = Interlocked.Decrement(ref left);
        if (now == 0) done.TrySetResult();
        return now >= 0;
    }
}
