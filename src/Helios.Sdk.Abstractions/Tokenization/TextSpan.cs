namespace Helios.Sdk.Tokenization;

/// <summary>A part of a text.</summary>
/// <param name="Start">First UTF-16 unit.</param>
/// <param name="Length">UTF-16 units, 0 or more.</param>
public readonly record struct TextSpan(int Start, int Length)
{
    /// <summary>One past the last unit.</summary>
    public int End => Start + Length;
}
