namespace Helios.Sdk.Serving.Drafting;

/// <summary>
/// Decides how far to draft on one route, from what it has seen: how often drafts were accepted, and what rows cost. It
/// changes speed alone, never output. Belongs to the device thread but for its two counters.
/// </summary>
/// <param name="depth">Exit at which tokens are drafted.</param>
/// <param name="fullDepth">Depth at which they are verified.</param>
internal sealed class DraftControl(int depth, int fullDepth)
{
    /// <summary>Most tokens drafted for a sequence in one step: with the row they follow on, eight rows, beyond which little is left to be gained.</summary>
    public const int Most = 7;

    private const int Window = 16;
    private const int ShortestRest = 16;
    private const int LongestRest = 512;
    private const int TriedRows = 16;

    // Sequences of a batch that get ahead of each other end at different times; that costs a little too.
    private const double LeastGain = 0.04;

    private readonly AcceptanceCurve greedy = new();
    private readonly AcceptanceCurve sampled = new();
    private Pace plainPace;
    private Pace draftPace;
    private long planned = -1;
    private int turn = -1;
    private int steps;
    private int windows;
    private int resting;
    private int nextRest = ShortestRest;
    private long drafted;
    private long accepted;

    public int Depth => depth;

    public int FullDepth => fullDepth;

    /// <summary>Seconds of the layers up to the exit.</summary>
    public QuickestTimes Below { get; } = new();

    /// <summary>Seconds of the layers above it.</summary>
    public QuickestTimes Above { get; } = new();

    /// <summary>Seconds of norm, head and draw.</summary>
    public QuickestTimes Head { get; } = new();

    /// <summary>
    /// Whether the step being planned drafts. One in sixteen is plain, to know what drafting is measured against; where it did
    /// not pay, all are for a while.
    /// </summary>
    public bool IsDrafting { get; private set; }

    /// <summary>
    /// Tokens to draft whatever they promise, 0 in most steps: the first of every window goes through the lengths in turn, as
    /// far as they make few rows, so that what they cost stays known.
    /// </summary>
    /// <param name="sequences">Sequences in the step.</param>
    public int Tried(int sequences) => steps == 0 ? Math.Clamp(TriedRows / sequences - 1, 1, 1 + windows % Most) : 0;

    /// <summary>Any thread: tokens drafted and put to verification.</summary>
    public long Drafted => Volatile.Read(ref drafted);

    /// <summary>Any thread: how many of them were accepted.</summary>
    public long Accepted => Volatile.Read(ref accepted);

    /// <summary>What is known of drafts: a drawn token is another matter than the likeliest.</summary>
    public AcceptanceCurve Acceptance(bool draws) => draws ? sampled : greedy;

    /// <summary>The least chance of being accepted with which a token earns what its row costs; more tokens may follow it.</summary>
    /// <param name="step">What is in the step so far.</param>
    /// <param name="rows">Sequences that would each draft one more, at least 1.</param>
    /// <param name="left">Tokens that each may still draft, at least 1.</param>
    /// <param name="mean">Chance of those that would follow.</param>
    /// <param name="known">Whether the token is known already; if not, the head it takes is part of the cost.</param>
    public double LeastChance(StepSize step, int rows, int left, double mean, bool known)
    {
        var token = (Below.At(step.Sequences) + Verification(step.Sequences)) / step.Sequences;
        var (before, tokens, least) = (Verification(step.Rows), 0.0, double.PositiveInfinity);
        for (var length = 1; length <= left; length++)
        {
            tokens = 1 + mean * tokens;
            var heads = known ? length - 1 : length;
            var cost = length * Below.At(rows) + heads * Head.At(rows) + Verification(step.Rows + length * rows) - before;
            least = Math.Min(least, cost / (rows * token * tokens));
        }

        return least;
    }

    /// <summary>A step is being planned in which sequences of the route run.</summary>
    /// <param name="step">Its number; the same one again changes nothing.</param>
    public void Plan(long step)
    {
        if (step == planned) return;
        planned = step;
        IsDrafting = false;
        if (resting-- > 0) return;
        resting = 0;
        turn = (turn + 1) % Window;
        IsDrafting = turn > 0;
    }

    /// <summary>A step in which every sequence got one token ran.</summary>
    public void PlainRan(int tokens, double seconds) => plainPace.Add(tokens, seconds);

    /// <summary>A step with drafts ran.</summary>
    /// <param name="tokens">Tokens that came out.</param>
    /// <param name="seconds">What it took.</param>
    public void DraftRan(int tokens, double seconds)
    {
        draftPace.Add(tokens, seconds);
        if (++steps < Window) return;

        (steps, windows) = (0, windows + 1);
        if (draftPace.SecondsPerToken <= (1 - LeastGain) * plainPace.SecondsPerToken)
        {
            nextRest = Math.Max(nextRest / 2, ShortestRest);
            return;
        }

        // What it was like before the rest says nothing of what it will be like after it.
        draftPace = default;
        (resting, turn) = (nextRest, 0);
        nextRest = Math.Min(2 * nextRest, LongestRest);
    }

    /// <summary>Tokens of a sequence were verified.</summary>
    public void Count(int draftedTokens, int acceptedTokens)
    {
        Volatile.Write(ref drafted, drafted + draftedTokens);
        Volatile.Write(ref accepted, accepted + acceptedTokens);
    }

    private double Verification(int rows) => Above.At(rows) + Head.At(rows);

    /// <summary>Seconds a token over the last few dozen steps.</summary>
    private struct Pace
    {
        private const double Keep = 1 - 1.0 / 32;

        private double seconds;
        private double tokens;

        /// <summary>Unknown is as slow as can be.</summary>
        public readonly double SecondsPerToken => tokens == 0 ? double.PositiveInfinity : seconds / tokens;

        public void Add(int stepTokens, double stepSeconds) => (tokens, seconds) = (Keep * tokens + stepTokens, Keep * seconds + stepSeconds);
    }
}

/// <summary>What takes part in a step.</summary>
/// <param name="Sequences">Sequences.</param>
/// <param name="Rows">Their rows so far, drafted ones included.</param>
internal readonly record struct StepSize(int Sequences, int Rows);
