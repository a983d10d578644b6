namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>Where a running template stands, and what it has used of its limits.</summary>
internal sealed class ExecutionMeter(TemplateErrors errors, TemplateLimits limits)
{
    private const int CharactersPerStep = 16;

    private int depth;
    private long steps;

    public TemplateLimits Limits => limits;

    /// <summary>The line that runs.</summary>
    public int Line { get; set; } = 1;

    public ChatTemplateException Fail(string problem) => errors.At(Line, problem);

    public void Charge(long count = 1)
    {
        steps += count;
        if (steps > limits.Steps) throw Fail(Invariant($"it takes more than {limits.Steps} steps"));
    }

    /// <summary>Some characters are read or written.</summary>
    /// <param name="count">How many.</param>
    /// <param name="before">Characters that the text they are written to has already.</param>
    public void ChargeText(long count, long before = 0)
    {
        if (count + before > limits.TextLength) throw Fail(Invariant($"a text grows longer than {limits.TextLength} characters"));
        Charge(1 + (count / CharactersPerStep));
    }

    /// <summary>A value that others lie in.</summary>
    public T Nested<T>(T value)
        where T : Value
    {
        if (value.Depth > limits.Nesting) throw Fail(Invariant($"values lie in each other more than {limits.Nesting} deep"));
        return value;
    }

    public void Enter()
    {
        Charge();
        if (++depth > limits.Stack) throw Fail(Invariant($"it runs more than {limits.Stack} calls, blocks and expressions deep"));
    }

    public void Leave() => depth--;
}
