namespace Helios.Sdk.Adaptation.Selection;

/// <summary>
/// How often the breach counter trips although nothing has changed. A window of 100 slides over thousands of tokens, so
/// a rate well below limit / window alarms sooner or later: at 0.35, independent tokens pass 50 of 100 in 44 % of all
/// stretches of 9,600 tokens (and reach 50 in 64 %).
/// </summary>
/// <remarks>
/// Naus, "Approximations for distributions of scan statistics" (JASA 77, 1982): with Q2 and Q3 the exact probabilities of
/// no alarm within 2 and 3 windows, <c>P(no alarm in T windows) = Q2 (Q3 / Q2)^(T - 2)</c>. Tokens are taken to be
/// independent; see <see cref="BreachCeilings"/> for those that are not.
/// </remarks>
internal static class BreachAlarm
{
    /// <summary>Highest breach rate at which alarms are no more probable than asked for.</summary>
    /// <param name="window">Tokens of the window.</param>
    /// <param name="limit">Breaches above which it alarms; below <paramref name="window"/>.</param>
    /// <param name="tokens">Tokens over which it slides.</param>
    /// <param name="probability">Of one alarm or more, in (0, 1).</param>
    public static double SafeRate(int window, int limit, int tokens, double probability)
    {
        var (low, high) = (0.0, 1.0);
        for (var i = 0; i < 40; i++)
        {
            var middle = (low + high) / 2;
            if (Probability(middle, window, limit, tokens) <= probability) low = middle;
            else high = middle;
        }

        return low;
    }

    /// <summary>Probability of at least one alarm.</summary>
    /// <param name="rate">Probability that a token is a breach, 0..1.</param>
    /// <param name="window">Tokens of the window.</param>
    /// <param name="limit">Breaches above which it alarms; below <paramref name="window"/>.</param>
    /// <param name="tokens">Tokens over which it slides.</param>
    public static double Probability(double rate, int window, int limit, int tokens)
    {
        if (rate <= 0) return 0;
        if (rate >= 1) return 1;
        var (two, three) = NoAlarm(rate, window, limit + 1);
        var windows = Math.Max(2, (double)tokens / window);
        return two <= 0 ? 1 : Math.Clamp(1 - two * Math.Pow(Math.Clamp(three / two, 0, 1), windows - 2), 0, 1);
    }

    /// <summary>Q2 and Q3 as Naus writes them; k is the count that alarms, w the window.</summary>
    private static (double Two, double Three) NoAlarm(double p, int w, int k)
    {
        var full = new Binomial(w, p);
        var less1 = new Binomial(w - 1, p);
        var less2 = new Binomial(w - 2, p);
        var mean = w * p;
        var b = full.Mass(k);
        var f = full.AtMost(k - 1);

        var two = f * f - (k - 1) * b * full.AtMost(k - 2) + mean * b * less1.AtMost(k - 3);
        var a1 = 2 * b * f * ((k - 1) * full.AtMost(k - 2) - mean * less1.AtMost(k - 3));
        var a2 = 0.5 * b * b * ((k - 1.0) * (k - 2) * full.AtMost(k - 3)
            - 2 * (k - 2) * mean * less1.AtMost(k - 4)
            + w * (w - 1.0) * p * p * less2.AtMost(k - 5));
        var (a3, a4) = (0.0, 0.0);
        for (var r = 1; r < k; r++)
        {
            var mass = full.Mass(2 * k - r);
            a3 += mass * full.AtMost(r - 1) * full.AtMost(r - 1);
            if (r >= 2) a4 += mass * full.Mass(r) * ((r - 1) * full.AtMost(r - 2) - mean * less1.AtMost(r - 3));
        }

        return (two, f * f * f - a1 + a2 + a3 - a4);
    }

    /// <summary>The binomial distribution of n trials.</summary>
    private sealed class Binomial
    {
        private readonly double[] mass;
        private readonly double[] atMost;

        public Binomial(int n, double p)
        {
            mass = new double[Math.Max(0, n) + 1];
            atMost = new double[mass.Length];
            // ln C(n, 0) p^0 (1-p)^n, then from one to the next; in logarithms, for large n.
            var log = Math.Max(0, n) * Math.Log(1 - p);
            var sum = 0.0;
            for (var k = 0; k < mass.Length; k++)
            {
                mass[k] = Math.Exp(log);
                atMost[k] = sum += mass[k];
                log += Math.Log((double)(n - k) / (k + 1)) + Math.Log(p / (1 - p));
            }
        }

        public double Mass(int k) => k >= 0 && k < mass.Length ? mass[k] : 0;

        public double AtMost(int k) => k < 0 ? 0 : atMost[Math.Min(k, atMost.Length - 1)];
    }
}
