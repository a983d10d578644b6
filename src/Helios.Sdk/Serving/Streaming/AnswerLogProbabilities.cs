namespace Helios.Sdk.Serving.Streaming;

/// <summary>
/// Log probabilities of an answer's tokens, for requests that ask for them. Written on the device thread, or by the backend
/// before the token is appended; read once the token is published. It grows with the answer.
/// </summary>
/// <param name="perToken">How many of the likeliest are kept beside each.</param>
internal sealed class AnswerLogProbabilities(int perToken)
{
    private readonly Segments<float> chosen = new();
    private readonly Segments<TokenLogProbability> likeliest = new(perToken);

    /// <summary>Bytes of host memory it takes.</summary>
    public long Bytes => chosen.Bytes + likeliest.Bytes;

    /// <summary>Room for what a request asks for; null when it asks for none.</summary>
    public static AnswerLogProbabilities? For(GenerationRequest request) =>
        request.LogProbabilities is { } perToken ? new AnswerLogProbabilities(perToken) : null;

    /// <summary>Those of a written token.</summary>
    public TokenLogProbabilities this[int index] => new(chosen[index].Span[0], [.. LikeliestAt(index).Span]);

    /// <summary>Where the likeliest tokens for a place in the answer go.</summary>
    public Memory<TokenLogProbability> LikeliestAt(int index) => likeliest[index];

    /// <summary>The log probability of the token that was drawn for a place.</summary>
    public void SetChosen(int index, float logProbability) => chosen[index].Span[0] = logProbability;
}
