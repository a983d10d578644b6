using Helios.Sdk.Serving.Requests;

namespace Helios.Sdk.Serving.Streaming;

/// <summary>
/// Log probabilities of an answer's tokens, for requests that ask for them. Written on the device thread, or by the backend
/// before the token is appended; read once the token is published. Made with the first token, as large as the answer may get.
/// </summary>
/// <param name="maxTokens">Most tokens of the answer.</param>
/// <param name="perToken">How many of the likeliest are kept beside each.</param>
internal sealed class AnswerLogProbabilities(int maxTokens, int perToken)
{
    private float[] chosen = [];
    private TokenLogProbability[] likeliest = [];

    /// <summary>Room for what a request asks for; null when it asks for none.</summary>
    public static AnswerLogProbabilities? For(GenerationRequest request) =>
        request.LogProbabilities is { } perToken ? new AnswerLogProbabilities(PromptRules.MaxTokensOf(request), perToken) : null;

    /// <summary>Those of a written token.</summary>
    public TokenLogProbabilities this[int index] => new(chosen[index], [.. LikeliestAt(index).Span]);

    /// <summary>Where the likeliest tokens for a place in the answer go.</summary>
    public Memory<TokenLogProbability> LikeliestAt(int index)
    {
        if (chosen.Length == 0) (chosen, likeliest) = (new float[maxTokens], new TokenLogProbability[(long)maxTokens * perToken]);
        return likeliest.AsMemory(index * perToken, perToken);
    }

    /// <summary>The log probability of the token that was drawn for a place.</summary>
    public void SetChosen(int index, float logProbability) => chosen[index] = logProbability;
}
