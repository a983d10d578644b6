using System.Collections.Immutable;

namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>
/// A text that remembers which parts of it the caller of the template wrote, so that the tokenizer takes no control token out of them.
/// Invariant: <see cref="Verbatim"/> is ascending, without empty or touching spans.
/// </summary>
internal sealed class TextValue(string text, ImmutableArray<TextSpan> verbatim) : Value
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

    public TextValue Cut(int start, int length)
    {
        if (start == 0 && length == text.Length) return this;
        if (verbatim.IsEmpty) return new TextValue(text.Substring(start, length));
        var spans = ImmutableArray.CreateBuilder<TextSpan>();
        for (var i = FirstEndingBehind(start); i < verbatim.Length && verbatim[i].Start < start + length; i++)
        {
            var span = verbatim[i];
            var from = Math.Max(span.Start, start);
            var to = Math.Min(span.End, start + length);
            if (from < to) spans.Add(new TextSpan(from - start, to - from));
        }

        return new TextValue(text.Substring(start, length), spans.ToImmutable());
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
