using System.Collections.Immutable;
using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>Sums over one scored request, so that memory does not grow with its tokens.</summary>
/// <param name="Text">Identifies the text.</param>
/// <param name="Utf8Bytes">Bytes that quality is judged by.</param>
/// <param name="ServedTokens">Tokens that the exits' counts are over.</param>
/// <param name="Exits">By exit, in order of depth.</param>
internal sealed record RequestEvidence(long Text, int Utf8Bytes, int ServedTokens, ImmutableArray<ExitSums> Exits)
{
    /// <summary>Sums up a request.</summary>
    /// <param name="taps">What its exits said.</param>
    public static RequestEvidence From(RequestTaps taps)
    {
        var served = taps.Positions - taps.FirstServed;
        var highest = new int[served];
        Array.Fill(highest, ConfidenceHistogram.NoLevel);
        var exits = ImmutableArray.CreateBuilder<ExitSums>(taps.Depths.Length);
        for (var exit = 0; exit < taps.Depths.Length; exit++) exits.Add(Sum(taps, exit, highest));
        return new RequestEvidence(taps.Text, taps.Judged.Utf8Bytes, served, exits.MoveToImmutable());
    }

    /// <summary>Served tokens that an exit is less sure of than a target.</summary>
    /// <param name="exit">Index of the exit.</param>
    /// <param name="target">Level of confidence.</param>
    public int Breaches(int exit, int target) => ServedTokens - Exits[exit].Confidences.AtLeast(target);

    /// <summary>Served tokens that this exit, or one before it, is sure enough of.</summary>
    /// <param name="exit">Index of the exit.</param>
    /// <param name="target">Level of confidence.</param>
    public int Covered(int exit, int target) => Exits[exit].Highest.AtLeast(target);

    /// <param name="taps">What the exits said.</param>
    /// <param name="exit">Index of the exit.</param>
    /// <param name="highest">By served token, the highest level of the exits before; updated.</param>
    private static ExitSums Sum(RequestTaps taps, int exit, Span<int> highest)
    {
        var signals = taps.At(exit);
        var full = taps.At(taps.Depths.Length - 1);
        var isFull = exit == taps.Depths.Length - 1;
        var nats = 0.0;
        foreach (var signal in signals[..taps.Judged.Positions]) nats -= signal.TargetLogProbability;

        var agreed = 0;
        var levels = new int[highest.Length];
        for (var i = 0; i < levels.Length; i++)
        {
            var signal = signals[taps.FirstServed + i];
            if (signal.TopId == full[taps.FirstServed + i].TopId) agreed++;
            levels[i] = isFull ? ConfidenceHistogram.Levels : ConfidenceHistogram.LevelOf(signal.Confidence);
            highest[i] = Math.Max(highest[i], levels[i]);
        }

        return new ExitSums(nats, agreed, ConfidenceHistogram.Of(levels), ConfidenceHistogram.Of(highest));
    }
}

/// <summary>Sums of one exit over a request.</summary>
/// <param name="Nats">-ln p of the text, in nats.</param>
/// <param name="Agreed">Served tokens whose top token is the full-depth one.</param>
/// <param name="Confidences">How sure this exit is of the served tokens; the full depth is of each.</param>
/// <param name="Highest">How sure of them the surest of the exits up to this one is.</param>
internal sealed record ExitSums(double Nats, int Agreed, ConfidenceHistogram Confidences, ConfidenceHistogram Highest);
