namespace Helios.Peers.Measuring;

/// <summary>How far two engines predict the same behind every token of a text.</summary>
/// <param name="Tokens">Length of the text.</param>
/// <param name="SameTop">Share of tokens with the same top prediction.</param>
/// <param name="MeanDifference">Mean difference of log probabilities of a random token, in nats.</param>
/// <param name="Limits">How far they may differ.</param>
internal sealed record Agreement(int Tokens, double SameTop, double MeanDifference, AgreementLimits Limits)
{
    private const int TextLength = 64;

    public bool Holds => SameTop >= Limits.LeastSameTop && MeanDifference <= Limits.MostDifference;

    public static Agreement Between(IEngine ours, IEngine theirs, int vocabulary, AgreementLimits limits)
    {
        var text = TokenSource.Take(TextLength, vocabulary, seed: 3);
        var targets = TokenSource.Take(TextLength, vocabulary, seed: 4);
        var pairs = ours.Predict(text, targets).Zip(theirs.Predict(text, targets)).ToArray();
        theirs.Rest();
        return new Agreement(
            TextLength,
            pairs.Average(pair => pair.First.Top == pair.Second.Top ? 1.0 : 0.0),
            pairs.Average(pair => Math.Abs(pair.First.TargetLogProbability - pair.Second.TargetLogProbability)),
            limits);
    }
}

/// <summary>What rounding of activations by llama.cpp, which rounds more than we do, stays below; a wrong rotation of queries and keys does not.</summary>
internal sealed record AgreementLimits(double LeastSameTop, double MostDifference)
{
    /// <summary>With bf16 weights llama.cpp rounds activations to bf16.</summary>
    public static AgreementLimits Bf16 { get; } = new(LeastSameTop: 0.9, MostDifference: 0.1);

    /// <summary>With integer weights it rounds them to 8 bits.</summary>
    public static AgreementLimits Integers { get; } = new(LeastSameTop: 0.8, MostDifference: 0.4);
}
