using System.Collections.Immutable;

namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>Sums over one scored request, so that memory does not grow with its tokens.</summary>
/// <param name="Text">Identifies the text.</param>
/// <param name="Utf8Bytes">Bytes that quality is judged by.</param>
/// <param name="ServedTokens">Tokens that the exits' counts are over.</param>
/// <param name="Exits">By exit, in order of depth.</param>
internal sealed record RequestEvidence(long Text, int Utf8Bytes, int ServedTokens, ImmutableArray<ExitSums> Exits)
{
    /// <summary>Sums up a request.</summary>
    /// <param name="taps">What its exits said.</param>
    /// <param name="confidenceTarget">Calibrated confidence below which a token is a breach.</param>
    public static RequestEvidence From(RequestTaps taps, float confidenceTarget)
    {
        var full = taps.Depths.Length - 1;
        var left = new bool[taps.Positions];
        var exits = ImmutableArray.CreateBuilder<ExitSums>(taps.Depths.Length);
        for (var exit = 0; exit <= full; exit++)
            exits.Add(Sum(taps, exit, confidenceTarget, left));
        return new RequestEvidence(taps.Text, taps.Judged.Utf8Bytes, taps.Positions - taps.FirstServed, exits.MoveToImmutable());
    }

    /// <param name="taps">What the exits said.</param>
    /// <param name="exit">Index of the exit.</param>
    /// <param name="target">Confidence target.</param>
    /// <param name="left">By position, whether an exit before was sure enough; updated.</param>
    private static ExitSums Sum(RequestTaps taps, int exit, float target, Span<bool> left)
    {
        var signals = taps.At(exit);
        var full = taps.At(taps.Depths.Length - 1);
        var isFull = exit == taps.Depths.Length - 1;
        var sums = default(ExitSums);
        for (var i = 0; i < signals.Length; i++)
        {
            if (i < taps.Judged.Positions) sums.Nats -= signals[i].TargetLogProbability;
            if (i < taps.FirstServed) continue;

            // Written so that a confidence that is not a number is a breach.
            var sure = isFull || signals[i].Confidence >= target;
            if (signals[i].TopId == full[i].TopId) sums.Agreed++;
            if (!sure) sums.Breaches++;
            if (sure && !left[i]) sums.FirstSure++;
            left[i] |= sure;
        }

        return sums;
    }
}

/// <summary>Sums of one exit over a request.</summary>
internal record struct ExitSums
{
    /// <summary>-ln p of the text, in nats.</summary>
    public double Nats { get; set; }

    /// <summary>Served tokens whose top token is the full-depth one.</summary>
    public int Agreed { get; set; }

    /// <summary>Served tokens whose confidence is under target.</summary>
    public int Breaches { get; set; }

    /// <summary>Served tokens for which this exit is the first sure enough.</summary>
    public int FirstSure { get; set; }
}
