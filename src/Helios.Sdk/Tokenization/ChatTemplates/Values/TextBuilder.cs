using System.Collections.Immutable;
using System.Text;

namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>Puts texts together, and what of them is the caller's.</summary>
internal sealed class TextBuilder
{
    /// <summary>Bytes of a part that is the caller's, while a list of them grows and once it is copied.</summary>
    public const int PartBytes = 48;

    /// <summary>Bytes of a builder with nothing in it.</summary>
    private const int EmptyBytes = 384;

    private readonly ExecutionMeter meter;
    private readonly StringBuilder text = new();
    private readonly ImmutableArray<TextSpan>.Builder verbatim = ImmutableArray.CreateBuilder<TextSpan>();

    public TextBuilder(ExecutionMeter meter)
    {
        this.meter = meter;
        meter.Allocate(EmptyBytes);
    }

    public int Length => text.Length;

    public void Append(string plain)
    {
        Charge(plain.Length);
        text.Append(plain);
    }

    public void Append(TextValue value)
    {
        Charge(value.Length);
        meter.Charge(value.Verbatim.Length);
        meter.Allocate(value.Verbatim.Length * PartBytes);
        foreach (var span in value.Verbatim) Mark(text.Length + span.Start, span.Length);
        text.Append(value.Text);
    }

    /// <summary>Appends a text that is the caller's from end to end.</summary>
    public void AppendCallers(string plain)
    {
        Charge(plain.Length);
        meter.Allocate(PartBytes);
        if (plain.Length > 0) Mark(text.Length, plain.Length);
        text.Append(plain);
    }

    public TextValue ToText()
    {
        if (text.Length == 0) return TextValue.Empty;
        meter.AllocateText(text.Length);
        return new TextValue(text.ToString(), verbatim.ToImmutable());
    }

    private void Charge(int length)
    {
        meter.ChargeText(length, text.Length);
        meter.Allocate(2L * sizeof(char) * length);
    }

    private void Mark(int start, int length)
    {
        if (verbatim.Count > 0 && verbatim[^1].End == start) verbatim[^1] = new TextSpan(verbatim[^1].Start, verbatim[^1].Length + length);
        else verbatim.Add(new TextSpan(start, length));
    }
}
