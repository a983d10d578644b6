namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// Which finished requests are kept to be scored again. As many as are wanted, while scoring keeps up with them; when it does
/// not, for want of device time, the least that is promised. What is promised and not scored is a debt, and one of two texts or
/// more is paid whatever share of the device scoring may have: that many texts, and no more. Which ones is drawn by lot: every tenth of requests that come in turns
/// would be of the same kind for ever.
/// The device thread takes, the adaptation loop notes what was scored.
/// </summary>
/// <param name="rate">Share of requests wanted.</param>
/// <param name="least">Share of requests promised; no more than is wanted.</param>
internal sealed class ShadowSampling(double rate, double least)
{
    /// <summary>Texts that may wait to be scored before no more are taken than promised.</summary>
    private const int MostWaiting = 4;

    private readonly Lock gate = new();
    private EvenDraw wanted = new(seed: 1);
    private EvenDraw promised = new(seed: 2);
    private bool tookSincePromise;
    private double debt;
    private int waiting;
    private long scoredTokens;
    private bool wantsMore;
    private bool isSettled;

    /// <summary>Whether evidence is too little: every request is wanted until it is enough.</summary>
    public bool WantsMore
    {
        get { lock (gate) return wantsMore; }
        set { lock (gate) wantsMore = value; }
    }

    /// <summary>Whether reassessments keep showing nothing new: then no more is wanted than is promised, and serving has the time.</summary>
    public bool IsSettled
    {
        get { lock (gate) return isSettled; }
        set { lock (gate) isSettled = value; }
    }

    /// <summary>Texts that scoring has fallen behind what is promised; 0 while that is less than two.</summary>
    public int Owed
    {
        get { lock (gate) return debt >= 2 ? (int)debt : 0; }
    }

    /// <summary>Whether texts are worth a session, which takes memory from sequences: a few wait, or one is owed.</summary>
    public bool IsDue
    {
        get { lock (gate) return waiting >= MostWaiting || (waiting > 0 && debt >= 1); }
    }

    /// <summary>Tokens of texts that the active point has scored since it was published.</summary>
    public long ScoredTokens
    {
        get { lock (gate) return scoredTokens; }
    }

    /// <summary>A request finished. True when its text is to be kept.</summary>
    public bool Take()
    {
        lock (gate)
        {
            var share = Math.Min(least, rate);
            debt += share;
            var isDue = promised.Next(share);
            var isWanted = wantsMore || (!isSettled && wanted.Next(rate));
            var take = (isDue && !tookSincePromise) || (isWanted && waiting < MostWaiting);
            tookSincePromise = !isDue && (tookSincePromise || take);
            if (take) waiting++;
            return take;
        }
    }

    /// <summary>The active point begins to score every text that waits.</summary>
    public void Begin()
    {
        lock (gate) waiting = 0;
    }

    /// <summary>The active point scored texts. Those beyond what was promised pay nothing ahead: what is to come is other traffic.</summary>
    /// <param name="texts">Texts.</param>
    /// <param name="tokens">Tokens of them.</param>
    public void Scored(int texts, long tokens)
    {
        lock (gate)
        {
            debt = Math.Max(0, debt - texts);
            scoredTokens += tokens;
        }
    }

    /// <summary>Another point serves.</summary>
    public void Published()
    {
        lock (gate) scoredTokens = 0;
    }

    /// <summary>Draws a share of a series: one of each stretch of 1 / share, at a place in it that is drawn.</summary>
    private struct EvenDraw(int seed)
    {
        private readonly Random random = new(seed);
        private double passed;
        private double place = 0.5;

        public bool Next(double share)
        {
            if (share >= 1) return true;
            var before = passed;
            passed += share;
            var drawn = before < place && passed >= place;
            if (passed < 1) return drawn;
            passed--;
            place = 1 - random.NextDouble();
            return drawn || passed >= place;
        }
    }
}
