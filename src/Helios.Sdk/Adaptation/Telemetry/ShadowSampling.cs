namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// Which finished requests are kept to be scored again. As many as are wanted, while scoring keeps up with them; when it does
/// not, for want of device time, the least that is promised. What is promised and not scored is a debt, and one that grows is
/// paid whatever share of the device scoring may have.
/// The device thread takes, the adaptation loop notes what was scored.
/// </summary>
/// <param name="rate">Share of requests wanted.</param>
/// <param name="least">Share of requests promised; no more than is wanted.</param>
internal sealed class ShadowSampling(double rate, double least)
{
    /// <summary>Texts that may wait to be scored before no more are taken than promised.</summary>
    private const int MostWaiting = 4;

    private readonly Lock gate = new();
    private double wanted;
    private double promised;
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

    /// <summary>Whether looks keep showing nothing new: then no more is wanted than is promised, and serving has the time.</summary>
    public bool IsSettled
    {
        get { lock (gate) return isSettled; }
        set { lock (gate) isSettled = value; }
    }

    /// <summary>Whether scoring has fallen a text behind what is promised.</summary>
    public bool IsOwed
    {
        get { lock (gate) return debt >= 2; }
    }

    /// <summary>Tokens of texts that what serves has scored since it was published.</summary>
    public long ScoredTokens
    {
        get { lock (gate) return scoredTokens; }
    }

    /// <summary>A request finished. True when its text is to be kept.</summary>
    public bool Take()
    {
        lock (gate)
        {
            promised += Math.Min(least, rate);
            debt += Math.Min(least, rate);
            wanted += wantsMore ? 1 : isSettled ? Math.Min(least, rate) : rate;
            var take = promised >= 1 || (wanted >= 1 && waiting < MostWaiting);
            if (wanted >= 1) wanted--;
            if (!take) return false;
            promised = Math.Max(0, promised - 1);
            waiting++;
            return true;
        }
    }

    /// <summary>What serves begins to score every text that waits.</summary>
    public void Begin()
    {
        lock (gate) waiting = 0;
    }

    /// <summary>What serves scored texts. Those beyond what was promised pay nothing ahead: what is to come is other traffic.</summary>
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
}
