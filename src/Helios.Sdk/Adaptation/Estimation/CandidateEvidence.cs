using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Statistics;

namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>
/// What scoring at full depth has shown of one candidate lately: the last requests only, so that a change
/// of traffic shows. Quality is over the part of each text that it is judged by; agreement, breaches and the exit histogram over served tokens, because
/// that is what the guard counts, and a prompt is harder to foresee than an answer. Belongs to the adaptation loop.
/// </summary>
internal sealed class CandidateEvidence
{
    private readonly List<RequestEvidence> requests = [];
    private readonly int window;

    /// <summary>Creates evidence of nothing yet.</summary>
    /// <param name="depths">The candidate's exits, ascending; the last is its full depth.</param>
    /// <param name="window">Requests kept, at least 1.</param>
    public CandidateEvidence(ImmutableArray<int> depths, int window)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(window);
        this.window = window;
        Depths = depths;
    }

    /// <summary>The candidate's exits, ascending; the last is its full depth.</summary>
    public ImmutableArray<int> Depths { get; }

    /// <summary>Requests it rests on.</summary>
    public int Requests => requests.Count;

    /// <summary>The latest text it rests on; 0 before the first.</summary>
    public long Latest => requests.Count == 0 ? 0 : requests.Max(request => request.Text);

    /// <summary>Adds a scored request. A text scored again replaces what was known of it; the oldest leaves a full window.</summary>
    /// <param name="taps">What its exits said.</param>
    public void Add(RequestTaps taps)
    {
        if (!taps.Depths.SequenceEqual(Depths))
            throw new ArgumentException($"Taps at {string.Join(", ", taps.Depths)} for exits {string.Join(", ", Depths)}.", nameof(taps));

        requests.RemoveAll(request => request.Text == taps.Text);
        if (requests.Count == window) requests.RemoveAt(0);
        requests.Add(RequestEvidence.From(taps));
    }

    /// <summary>The requests it rests on, oldest first.</summary>
    public ImmutableArray<RequestEvidence> Scored => [.. requests];

    /// <summary>Puts evidence of a former run in, as far as the window goes; it is the first to leave.</summary>
    /// <param name="former">Sums at the same depths, oldest first.</param>
    public void Restore(IEnumerable<RequestEvidence> former)
    {
        var fresh = former.Where(request => !Has(request.Text)).ToList();
        requests.InsertRange(0, fresh.TakeLast(window - requests.Count));
    }

    /// <summary>Whether it rests on a text.</summary>
    /// <param name="text">Identifies the text.</param>
    public bool Has(long text) => requests.Exists(request => request.Text == text);

    /// <summary>Forgets everything.</summary>
    public void Clear() => requests.Clear();

    /// <summary>The figures of every exit, in order of depth.</summary>
    /// <param name="confidenceTarget">Calibrated confidence below which a token is a breach, 0..1.</param>
    public ImmutableArray<ExitEvidence> Summarize(double confidenceTarget)
    {
        var target = ConfidenceHistogram.LevelOf(confidenceTarget);
        return [.. Enumerable.Range(0, Depths.Length).Select(exit => Summarize(exit, target))];
    }

    /// <summary>
    /// Bits per byte at one of this candidate's exits above those of <paramref name="reference"/> at its full depth, over the
    /// texts that both scored: different texts differ by far more than two models do. Null without such a text; not a number where
    /// the reference is infinitely bad, and shows nothing.
    /// </summary>
    /// <param name="exit">Index into <see cref="Depths"/>.</param>
    /// <param name="reference">The candidate compared with.</param>
    public QualityGap? GapTo(int exit, CandidateEvidence reference)
    {
        var shared = new List<(Quality Mine, Quality Theirs)>(requests.Count);
        var (mine, theirs) = (default(Quality), default(Quality));
        foreach (var request in requests)
        {
            if (reference.requests.Find(other => other.Text == request.Text) is not { } other) continue;
            shared.Add((Quality.Of(request, exit), Quality.Of(other, reference.Depths.Length - 1)));
            mine += shared[^1].Mine;
            theirs += shared[^1].Theirs;
        }

        if (mine.BitsPerByte - theirs.BitsPerByte is not { } gap) return null;
        if (theirs.BitsPerByte is double.PositiveInfinity) gap = double.NaN;
        double[] withoutOne = [.. shared.Select(one => (mine - one.Mine).BitsPerByte - (theirs - one.Theirs).BitsPerByte ?? double.NaN)];
        return new QualityGap(gap, Jackknife.Around(gap, withoutOne), shared.Count);
    }

    private ExitEvidence Summarize(int exit, int target)
    {
        var isFull = exit == Depths.Length - 1;
        var quality = default(Quality);
        var (tokens, agreed, breaches, covered, coveredBefore) = (0L, 0L, 0L, 0L, 0L);
        foreach (var request in requests)
        {
            quality += Quality.Of(request, exit);
            tokens += request.ServedTokens;
            agreed += request.Exits[exit].Agreed;
            breaches += request.Breaches(exit, target);
            covered += request.Covered(exit, target);
            if (exit > 0) coveredBefore += request.Covered(exit - 1, target);
        }

        return new ExitEvidence
        {
            Depth = Depths[exit],
            BitsPerByte = quality.BitsPerByte,
            Agreement = Share(agreed, tokens),
            AgreementInterval = isFull ? null : IntervalOf(request => request.Exits[exit].Agreed),
            BreachRate = Share(breaches, tokens),
            BreachRateInterval = isFull ? null : IntervalOf(request => request.Breaches(exit, target)),
            BreachClustering = isFull || tokens == 0 ? null : Clustering.Of(Served(request => request.Breaches(exit, target))),
            ExitShare = Share(covered - coveredBefore, tokens),
            Coverage = Share(covered, tokens),
            Tokens = (int)Math.Min(int.MaxValue, tokens),
            Requests = requests.Count,
            Bytes = quality.Bytes,
        };
    }

    private Interval? IntervalOf(Func<RequestEvidence, int> part) =>
        Jackknife.Share(Served(part));

    private Counted[] Served(Func<RequestEvidence, int> part) =>
        [.. requests.Where(request => request.ServedTokens > 0).Select(request => new Counted(part(request), request.ServedTokens))];

    private static double? Share(long part, long whole) => whole == 0 ? null : (double)part / whole;

    private readonly record struct Quality(double Nats, long Bytes)
    {
        /// <summary>What is not a number is no quality at all, and must not pass for the best of all.</summary>
        public double? BitsPerByte => Bytes == 0 ? null : double.IsNaN(Nats) ? double.PositiveInfinity : Nats / Math.Log(2) / Bytes;

        public static Quality Of(RequestEvidence request, int exit) => new(request.Exits[exit].Nats, request.Utf8Bytes);

        public static Quality operator +(Quality left, Quality right) => new(left.Nats + right.Nats, left.Bytes + right.Bytes);

        public static Quality operator -(Quality left, Quality right) => new(left.Nats - right.Nats, left.Bytes - right.Bytes);
    }
}

/// <summary>Bits per byte above a reference.</summary>
/// <param name="Value">The estimate, over the texts that both scored.</param>
/// <param name="Interval">Where it lies; null for a single text.</param>
/// <param name="Texts">Texts that both scored.</param>
internal readonly record struct QualityGap(double Value, Interval? Interval, int Texts);

/// <summary>What is known of one exit. Null means "not known".</summary>
internal sealed record ExitEvidence
{
    /// <summary>Layers executed.</summary>
    public required int Depth { get; init; }

    /// <summary>Bits per byte, teacher-forced.</summary>
    public required double? BitsPerByte { get; init; }

    /// <summary>Share of served tokens whose top token is the full-depth one, 0..1.</summary>
    public required double? Agreement { get; init; }

    /// <summary>Where <see cref="Agreement"/> lies; null for fewer than two requests, and at full depth, which agrees with itself.</summary>
    public Interval? AgreementInterval { get; init; }

    /// <summary>Share of served tokens whose confidence is under target, 0..1; 0 at full depth.</summary>
    public required double? BreachRate { get; init; }

    /// <summary>Where <see cref="BreachRate"/> lies; null for fewer than two requests, and at full depth, which never breaches.</summary>
    public Interval? BreachRateInterval { get; init; }

    /// <summary>How alike the tokens of a request are in being under target, 0..1; null while no token was scored, and at full depth.</summary>
    public double? BreachClustering { get; init; }

    /// <summary>Share of served tokens whose first sufficiently confident exit is this one, 0..1; the full depth takes the rest.</summary>
    public required double? ExitShare { get; init; }

    /// <summary>Share of served tokens whose first sufficiently confident exit is this one or one below it, 0..1.</summary>
    public required double? Coverage { get; init; }

    /// <summary>Served tokens behind the shares.</summary>
    public required int Tokens { get; init; }

    /// <summary>Requests behind the figures.</summary>
    public required int Requests { get; init; }

    /// <summary>Bytes of text behind the quality.</summary>
    public required long Bytes { get; init; }
}
