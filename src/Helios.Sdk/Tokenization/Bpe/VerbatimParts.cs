namespace Helios.Sdk.Tokenization.Bpe;

/// <summary>Parts of a text that guarded tokens must not reach into. Ascending; none reaches into the next.</summary>
internal sealed class VerbatimParts
{
    private readonly IReadOnlyList<TextSpan> spans;

    public VerbatimParts(IReadOnlyList<TextSpan> spans, int textLength)
    {
        var end = 0;
        foreach (var span in spans)
        {
            if (span.Length < 0 || span.Start < end || span.End > textLength)
                throw new ArgumentException(Invariant($"{span} is not a part of a text of {textLength} characters behind character {end}."), nameof(spans));
            end = span.End;
        }

        this.spans = spans;
    }

    /// <summary>No parts.</summary>
    public static VerbatimParts None { get; } = new([], 0);

    /// <summary>Whether any part shares a character with a stretch of the text.</summary>
    public bool Touches(int start, int end)
    {
        var first = FirstEndingBehind(start);
        return first < spans.Count && spans[first].Start < end && spans[first].Length > 0;
    }

    /// <summary>The parts of a stretch of the text, counted from its start.</summary>
    public List<TextSpan> Within(int start, int end)
    {
        var inside = new List<TextSpan>();
        for (var i = FirstEndingBehind(start); i < spans.Count && spans[i].Start < end; i++)
        {
            var from = Math.Max(spans[i].Start, start);
            inside.Add(new TextSpan(from - start, Math.Min(spans[i].End, end) - from));
        }

        return inside;
    }

    private int FirstEndingBehind(int place)
    {
        var (low, high) = (0, spans.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (spans[middle].End > place) high = middle;
            else low = middle + 1;
        }

        return low;
    }
}
