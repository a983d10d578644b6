using System.Collections.Immutable;
using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>
/// What every exit of a candidate says about a text that it scored teacher-forced at full depth. Signals lie as
/// <c>[exit, position]</c>; each position is a token predicted from those before it. Filled by the scorer, then only read.
/// </summary>
internal sealed class RequestTaps
{
    private readonly ExitSignal[] signals;

    /// <summary>Creates taps to be filled.</summary>
    /// <param name="text">Identifies the text, so that candidates are compared on texts that both scored.</param>
    /// <param name="depths">Exits, ascending; the last is the full depth.</param>
    /// <param name="positions">Tokens predicted.</param>
    /// <param name="firstServed">First position whose token was served rather than given with the prompt.</param>
    /// <param name="judged">The part that quality is judged by.</param>
    public RequestTaps(long text, ImmutableArray<int> depths, int positions, int firstServed, JudgedText judged)
    {
        if (depths.IsDefaultOrEmpty) throw new ArgumentException("A scored text has at least its full depth.", nameof(depths));
        ArgumentOutOfRangeException.ThrowIfNegative(judged.Utf8Bytes, nameof(judged));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(judged.Positions, positions, nameof(judged));
        ArgumentOutOfRangeException.ThrowIfNegative(firstServed);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstServed, positions);
        Text = text;
        Depths = depths;
        Positions = positions;
        FirstServed = firstServed;
        Judged = judged;
        signals = new ExitSignal[depths.Length * positions];
    }

    /// <summary>Identifies the text.</summary>
    public long Text { get; }

    /// <summary>Exits, ascending; the last is the full depth.</summary>
    public ImmutableArray<int> Depths { get; }

    /// <summary>Tokens predicted.</summary>
    public int Positions { get; }

    /// <summary>First position whose token was served.</summary>
    public int FirstServed { get; }

    /// <summary>The part that quality is judged by.</summary>
    public JudgedText Judged { get; }

    /// <summary>Signals of an exit by position: top id, confidence, target log probability (nats) and the raw signals.</summary>
    /// <param name="exit">Index into <see cref="Depths"/>.</param>
    public Span<ExitSignal> At(int exit) => signals.AsSpan(exit * Positions, Positions);
}

/// <summary>The beginning of a text by which quality is judged.</summary>
/// <param name="Positions">Predicted tokens.</param>
/// <param name="Utf8Bytes">Bytes that they stand for.</param>
internal readonly record struct JudgedText(int Positions, int Utf8Bytes);
