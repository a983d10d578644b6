namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>
/// What a template may take. The author of the model's files wrote the template: it is a program that nobody vouches for.
/// </summary>
internal sealed record TemplateLimits
{
    public static TemplateLimits Default { get; } = new();

    /// <summary>Longest source, in UTF-16 units; the largest published ones have some 20,000.</summary>
    public int SourceLength { get; init; } = 1 << 18;

    /// <summary>Deepest nesting of blocks and expressions in the source, and of lists in lists.</summary>
    public int Nesting { get; init; } = 64;

    /// <summary>Deepest stack of calls, blocks and expressions while it runs; small enough for a thread with a stack of 1 MiB.</summary>
    public int Stack { get; init; } = 200;

    /// <summary>
    /// Most steps: one for every node looked at, every turn of a loop and every element of a list, and one for every 16 characters
    /// read or written.
    /// </summary>
    public int Steps { get; init; } = 5_000_000;

    /// <summary>Longest text, the output included, in UTF-16 units.</summary>
    public int TextLength { get; init; } = 1 << 24;

    /// <summary>Most numbers in a <c>range</c>.</summary>
    public int Range { get; init; } = 100_000;
}
