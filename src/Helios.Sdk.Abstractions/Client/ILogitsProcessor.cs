namespace Helios.Sdk;

/// <summary>
/// Changes the logits of one request in any way: a grammar, a list of forbidden words, other control. Set it in
/// <see cref="SamplingOptions.LogitsProcessors"/>. It runs after penalties and bias, before temperature, top-k, top-p and min-p.
/// </summary>
/// <remarks>
/// <para>
/// It must depend only on its arguments. It may be called twice for the same tokens, and for draft tokens that are then taken back.
/// The result for a prefix must never change; otherwise answers depend on the other requests of the batch.
/// </para>
/// <para>
/// Threading: it is called from the backend's threads, in the middle of a step, and every request waits for it. It must be
/// fast, must not block, and must not call the engine. Calls for one request never overlap; an instance that several
/// requests share may be called for them at the same time.
/// </para>
/// <para>
/// If it throws, leaves NaN or positive infinity, or leaves no finite logit, its request fails with a
/// <see cref="HeliosException"/> that says so; other requests continue.
/// </para>
/// </remarks>
public interface ILogitsProcessor
{
    /// <summary>Changes the logits of the next token in place.</summary>
    /// <param name="tokens">Prompt and answer so far.</param>
    /// <param name="logits">One per token of the model's vocabulary; negative infinity forbids a token.</param>
    void Process(ReadOnlySpan<int> tokens, Span<float> logits);
}
