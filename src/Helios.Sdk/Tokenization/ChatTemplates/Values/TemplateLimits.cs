namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>
/// What a template may take. The author of the model's files wrote the template: it is a program, and it is not trusted.
/// </summary>
internal sealed record TemplateLimits
{
    /// <summary>Bytes that a value takes beside its characters and items: it, its text's header, its parts.</summary>
    public const int ValueBytes = 96;

    public static TemplateLimits Default { get; } = new();

    /// <summary>Longest source, in UTF-16 units; the largest published ones have some 20,000.</summary>
    public int SourceLength { get; init; } = 1 << 18;

    /// <summary>Deepest nesting of blocks and expressions in the source, and of lists in lists.</summary>
    public int Nesting { get; init; } = 64;

    /// <summary>Deepest stack of calls, blocks and expressions while it runs; small enough for a thread with a stack of 1 MiB.</summary>
    public int Stack { get; init; } = 200;

    /// <summary>
    /// Most steps: one for every node passed, every turn of a loop and every element of a list, one for every 16 characters
    /// copied, and one for every 4 that are looked at one by one.
    /// </summary>
    public int Steps { get; init; } = 5_000_000;

    /// <summary>
    /// Most bytes that a rendering takes in all, those that it lets go of included: so the limit holds at every moment, whenever the
    /// collector runs, and a template meets it alike on every machine.
    /// </summary>
    public long Memory { get; init; } = 64 << 20;

    /// <summary>Longest text, the output included, in UTF-16 units: a context of a million tokens.</summary>
    public int TextLength { get; init; } = 1 << 22;

    /// <summary>Most numbers in a <c>range</c>.</summary>
    public int Range { get; init; } = 100_000;

    /// <summary>Longest rendering. A backstop: the steps end it long before, unless the machine hangs.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>What the time is taken from.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
