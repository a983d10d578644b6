using System.Collections.Immutable;
using System.Text;

namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>Puts texts together, and what of them is the caller's.</summary>
internal sealed class TextBuilder(ExecutionMeter meter)
{
    private readonly StringBuilder text = new();
    private readonly ImmutableArray<TextSpan>.Builder verbatim = ImmutableArray.CreateBuilder<TextSpan>();

    public int Length => text.Length;

    public void Append(string plain)
    {
        meter.ChargeText(plain.Length, text.Length);
        text.Append(plain);
    }

    public void Append(TextValue value)
    {
        meter.ChargeText(value.Length + value.Verbatim.Length, text.Length);
        foreach (var span in value.Verbatim)
        {
            var start = text.Length + span.Start;
            if (verbatim.Count > 0 && verbatim[^1].End == start) verbatim[^1] = new TextSpan(verbatim[^1].Start, verbatim[^1].Length + span.Length);
            else verbatim.Add(new TextSpan(start, span.Length));
        }

        text.Append(value.Text);
    }

    public TextValue ToText() => new(text.ToString(), verbatim.ToImmutable());
}
