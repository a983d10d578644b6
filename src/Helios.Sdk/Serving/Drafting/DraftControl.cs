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

    private readonly AcceptanceCurve greedy = new();
    private readonly AcceptanceCurve sampled = new();
    private double worth;
    private double spent;
    private int steps;
    private int windows;
    private int resting;
    private int nextRest = ShortestRest;
    private long drafted;
    private long accepted;

    public int Depth => depth;

    public int FullDepth => fullDepth;

    /// <summary>Seconds of one layer.</summary>
    public RowTimes Layer { get; } = new();

    /// <summary>Seconds of norm, head and draw.</summary>
    public RowTimes Head { get; } = new();

    /// <summary>Drafting did not pay lately: steps are plain for a while, then it is tried again.</summary>
    public bool Rests => resting > 0;

    /// <summary>
    /// Tokens to draft whatever they promise, 0 in most steps: the first of every window goes through the lengths in turn, so
    /// that what they cost stays known.
    /// </summary>
    public int Tried => steps == 0 ? 1 + windows % Most : 0;

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
    /// <param name="looked">Whether the token is known already; if not, the head it takes is part of the cost.</param>
    public double LeastChance(StepSize step, int rows, int left, double mean, bool looked)
    {
        var token = (fullDepth * Layer.At(step.Sequences) + Head.At(step.Sequences)) / step.Sequences;
        var (before, tokens, least) = (Verification(step.Rows), 0.0, double.PositiveInfinity);
        for (var length = 1; length <= left; length++)
        {
            tokens = 1 + mean * tokens;
            var heads = looked ? length - 1 : length;
            var cost = length * depth * Layer.At(rows) + heads * Head.At(rows) + Verification(step.Rows + length * rows) - before;
            least = Math.Min(least, cost / (rows * token * tokens));
        }

        return least;
    }

    /// <summary>A step is being planned in which sequences of the route run.</summary>
    public void Planned() => resting = Math.Max(0, resting - 1);

    /// <summary>A step with drafts ran.</summary>
    /// <param name="seconds">What it took.</param>
    /// <param name="plainSeconds">What its tokens would have taken without drafting.</param>
    public void Ran(double seconds, double plainSeconds)
    {
        spent += seconds;
        worth += plainSeconds;
        if (++steps < Window) return;

        if (worth >= spent)
        {
            nextRest = ShortestRest;
        }
        else
        {
            resting = nextRest;
            nextRest = Math.Min(2 * nextRest, LongestRest);
        }

        (worth, spent, steps) = (0, 0, 0);
        windows++;
    }

    /// <summary>Tokens of a sequence were verified.</summary>
    public void Count(int draftedTokens, int acceptedTokens)
    {
        Volatile.Write(ref drafted, drafted + draftedTokens);
        Volatile.Write(ref accepted, accepted + acceptedTokens);
    }

    private double Verification(int rows) => (fullDepth - depth) * Layer.At(rows) + Head.At(rows);
}

/// <summary>What takes part in a step.</summary>
/// <param name="Sequences">Sequences.</param>
/// <param name="Rows">Their rows so far, drafted ones included.</param>
internal readonly record struct StepSize(int Sequences, int Rows);
