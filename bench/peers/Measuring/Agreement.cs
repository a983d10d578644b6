namespace Helios.Peers.Measuring;

/// <summary>How far two engines predict the same behind every token of a text.</summary>
/// <param name="Tokens">Length of the text.</param>
/// <param name="SameTop">Share of tokens with the same top prediction.</param>
/// <param name="MeanDifference">Mean difference of log probabilities of a random token, in nats.</param>
internal sealed record Agreement(int Tokens, double SameTop, double MeanDifference)
{
    /// <summary>Rounding of activations to bf16, which llama.cpp does and we do not, stays well below these; a wrong rotation does not.</summary>
    public const double LeastSameTop = 0.9;

    public const double MostDifference = 0.1;

    private const int TextLength = 64;

    public bool Holds => SameTop >= LeastSameTop && MeanDifference <= MostDifference;

    public static Agreement Between(IEngine ours, IEngine theirs, int vocabulary)
    {
        var text = TokenSource.Take(TextLength, vocabulary, seed: 3);
        var targets = TokenSource.Take(TextLength, vocabulary, seed: 4);
        var pairs = ours.Predict(text, targets).Zip(theirs.Predict(text, targets)).ToArray();
        theirs.Rest();
        return new Agreement(
            TextLength,
            pairs.Average(pair => pair.First.Top == pair.Second.Top ? 1.0 : 0.0),
            pairs.Average(pair => Math.Abs(pair.First.TargetLogProbability - pair.Second.TargetLogProbability)));
    }
}
