using System.Collections.Immutable;

namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>
/// A text that remembers which parts of it the caller of the template wrote, so that the tokenizer takes no control token out of them.
/// Invariant: <see cref="Verbatim"/> is ascending, without empty or touching spans.
/// </summary>
internal sealed class TextValue(string text, ImmutableArray<TextSpan> verbatim, bool isMarkup = false) : Value
{
    public TextValue(string text)
        : this(text, [])
    {
    }

    public static TextValue Empty { get; } = new("");

    public string Text => text;

    /// <summary>The caller's parts.</summary>
    public ImmutableArray<TextSpan> Verbatim => verbatim;

    public int Length => text.Length;

    /// <summary>Whether <c>safe</c> or <c>escape</c> made it: adding a text to it escapes that text, as in Jinja.</summary>
    public bool IsMarkup => isMarkup;

    public override string TypeName => "a string";

    public override bool IsTrue => text.Length > 0;

    /// <summary>A text that is the caller's from end to end.</summary>
    public static TextValue FromCaller(string text) => new(text, text.Length == 0 ? [] : [new TextSpan(0, text.Length)]);

    /// <summary>A text made of others: the caller's, from end to end, if anything of these was.</summary>
    public static TextValue DerivedFrom(string text, params ReadOnlySpan<TextValue> sources)
    {
        foreach (var source in sources)
        {
            if (!source.Verbatim.IsEmpty) return FromCaller(text);
        }

        return new TextValue(text);
    }

    /// <summary>This text and another behind it.</summary>
    public TextValue FollowedBy(TextValue other, ExecutionMeter meter)
    {
        meter.ChargeText(other.Length, Length);
        meter.ChargeText(Length);
        meter.AllocateText(Length + (long)other.Length);
        return new TextValue(string.Concat(text, other.Text), Followed(other, meter));
    }

    /// <summary>The same text as markup, or as plain text.</summary>
    public TextValue AsMarkup(bool markup = true) => markup == isMarkup ? this : new TextValue(text, verbatim, markup);

    /// <summary>A part of it; charged as a copy.</summary>
    public TextValue Cut(int start, int length, ExecutionMeter meter)
    {
        if (start == 0 && length == text.Length) return this;
        if (length == 0 && !isMarkup) return Empty;
        meter.AllocateText(length);
        var part = text.Substring(start, length);
        if (verbatim.IsEmpty) return new TextValue(part, [], isMarkup);
        if (verbatim is [var whole] && whole.Start <= start && whole.End >= start + length && length > 0) return new TextValue(part, [new TextSpan(0, length)], isMarkup);
        var spans = ImmutableArray.CreateBuilder<TextSpan>();
        for (var i = FirstEndingBehind(start); i < verbatim.Length && verbatim[i].Start < start + length; i++)
        {
            var span = verbatim[i];
            var from = Math.Max(span.Start, start);
            var to = Math.Min(span.End, start + length);
            if (from < to) spans.Add(new TextSpan(from - start, to - from));
        }

        meter.Charge(spans.Count);
        meter.Allocate(spans.Count * TextBuilder.PartBytes);
        return new TextValue(part, spans.ToImmutable(), isMarkup);
    }

    private ImmutableArray<TextSpan> Followed(TextValue other, ExecutionMeter meter)
    {
        if (other.Verbatim.IsEmpty) return verbatim;
        meter.Charge(verbatim.Length + other.Verbatim.Length);
        meter.Allocate((verbatim.Length + other.Verbatim.Length) * TextBuilder.PartBytes);
        var spans = ImmutableArray.CreateBuilder<TextSpan>(verbatim.Length + other.Verbatim.Length);
        spans.AddRange(verbatim);
        foreach (var span in other.Verbatim)
        {
            if (spans.Count > 0 && spans[^1].End == Length + span.Start) spans[^1] = new TextSpan(spans[^1].Start, spans[^1].Length + span.Length);
            else spans.Add(new TextSpan(Length + span.Start, span.Length));
        }

        return spans.ToImmutable();
    }

    /// <summary>Index of the first span that reaches behind a place.</summary>
    private int FirstEndingBehind(int place)
    {
        var (low, high) = (0, verbatim.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (verbatim[middle].End > place) high = middle;
            else low = middle + 1;
        }

        return low;
    }
}
