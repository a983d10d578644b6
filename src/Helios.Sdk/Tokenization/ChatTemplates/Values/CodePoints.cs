namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>Texts counted the way Python counts them: a surrogate pair is one.</summary>
internal static class CodePoints
{
    public static int Count(ReadOnlySpan<char> text, ExecutionMeter meter)
    {
        var count = text.Length;
        for (var i = 0; i + 1 < text.Length; i++)
        {
            meter.Scan();
            if (!char.IsSurrogatePair(text[i], text[i + 1])) continue;
            count--;
            i++;
        }

        return count;
    }

    /// <summary>The characters one by one.</summary>
    public static List<Value> Split(TextValue text, ExecutionMeter meter)
    {
        meter.Charge(text.Length);
        meter.Allocate(text.Length * (long)ListValue.ItemBytes);
        var parts = new List<Value>(text.Length);
        for (var i = 0; i < text.Length;)
        {
            var length = LengthAt(text.Text, i);
            parts.Add(text.Cut(i, length, meter));
            i += length;
        }

        return parts;
    }

    /// <summary>Where a character begins, in UTF-16 units.</summary>
    public static int Offset(ReadOnlySpan<char> text, int index, ExecutionMeter meter)
    {
        var at = 0;
        for (; index > 0 && at < text.Length; index--)
        {
            meter.Scan();
            at += LengthAt(text, at);
        }

        return at;
    }

    private static int LengthAt(ReadOnlySpan<char> text, int at) => at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;
}
