namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>
/// Where a running template stands, and what it has used of its limits. Steps and bytes are charged for what a built-in does, before or
/// while it does it, so that they decide alike on every machine. Whatever charges can be cancelled, and ended by the clock.
/// </summary>
internal sealed class ExecutionMeter
{
    private const int CharactersPerStep = 16;
    private const int ScannedPerStep = 4;
    private const int StepsBetweenChecks = 4096;
    private const int CharacterBytes = sizeof(char);

    private readonly TemplateErrors errors;
    private readonly TemplateLimits limits;
    private readonly CancellationToken cancellationToken;
    private readonly long startedAt;
    private int depth;
    private long steps;
    private long bytes;
    private long checkedAt;
    private int scanned;

    public ExecutionMeter(TemplateErrors errors, TemplateLimits limits, CancellationToken cancellationToken)
    {
        this.errors = errors;
        this.limits = limits;
        this.cancellationToken = cancellationToken;
        startedAt = limits.Clock.GetTimestamp();
    }

    public TemplateLimits Limits => limits;

    /// <summary>The line that runs.</summary>
    public int Line { get; set; } = 1;

    /// <summary>Steps taken so far.</summary>
    public long Steps => steps;

    /// <summary>Bytes that were charged so far; none is given back.</summary>
    public long Bytes => bytes;

    public ChatTemplateException Fail(string problem) => errors.At(Line, problem);

    public void Charge(long count = 1)
    {
        steps += count;
        if (steps > limits.Steps) throw Fail(Invariant($"it takes more than {limits.Steps} steps"));
        if (steps - checkedAt >= StepsBetweenChecks) CheckClock();
    }

    /// <summary>Some characters are copied, or passed over many at a time.</summary>
    /// <param name="count">How many.</param>
    /// <param name="before">Characters that the text they are written to has already.</param>
    public void ChargeText(long count, long before = 0)
    {
        if (count + before > limits.TextLength) throw Fail(Invariant($"a text grows longer than {limits.TextLength} characters"));
        Charge(1 + (count / CharactersPerStep));
    }

    /// <summary>Some characters are looked at one by one; called as that goes on.</summary>
    public void Scan(int count = 1)
    {
        scanned += count;
        if (scanned < CharactersPerStep) return;
        Charge(scanned / ScannedPerStep);
        scanned %= ScannedPerStep;
    }

    /// <summary>Memory is taken. What a template lets go of still counts: the sum is the same whenever the collector runs.</summary>
    public void Allocate(long count)
    {
        bytes += count;
        if (bytes > limits.Memory) throw Fail(Invariant($"it takes more than {limits.Memory} bytes of memory"));
    }

    /// <summary>Memory for characters of a text.</summary>
    public void AllocateText(long characters) => Allocate((characters * CharacterBytes) + TemplateLimits.ValueBytes);

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

    private void CheckClock()
    {
        checkedAt = steps;
        cancellationToken.ThrowIfCancellationRequested();
        if (limits.Clock.GetElapsedTime(startedAt) > limits.Time) throw Fail(Invariant($"it takes longer than {limits.Time.TotalSeconds} seconds"));
    }
}
