namespace Helios.Sdk;

/// <summary>
/// Changes the logits of one request as it likes: a grammar, a list of forbidden words, a steer of any kind. Given with
/// <see cref="SamplingOptions.LogitsProcessors"/>; it sees them after penalties and bias, before temperature and cuts.
/// </summary>
/// <remarks>
/// <para>
/// It must depend on its arguments alone. It may be asked twice about the same tokens, and about tokens that were only guessed
/// and are then taken back; what it answers for a prefix must never change, or answers depend on who shares the batch.
/// </para>
/// <para>
/// Threading: it is called from the backend's threads, in the middle of a step, so that every request waits for it: it must be
/// quick, must not block, and must not call the engine. Calls for one request never overlap; an instance that several
/// requests share is called for them at the same time.
/// </para>
/// <para>
/// When it throws, when it leaves NaN or positive infinity, or when it leaves no finite logit at all, its request fails with a
/// <see cref="HeliosException"/> that says so; others go on.
/// </para>
/// </remarks>
public interface ILogitsProcessor
{
    /// <summary>Changes the logits of the next token in place.</summary>
    /// <param name="tokens">Prompt and answer so far.</param>
    /// <param name="logits">One per token of the model's vocabulary; negative infinity forbids a token.</param>
    void Process(ReadOnlySpan<int> tokens, Span<float> logits);
}
