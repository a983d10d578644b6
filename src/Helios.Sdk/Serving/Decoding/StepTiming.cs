namespace Helios.Sdk.Serving.Decoding;

/// <summary>What one step of a model did and how long its parts took: the evidence a cost model is fitted to.</summary>
/// <param name="Rows">Rows (tokens) that ran, at least 1.</param>
/// <param name="SampledRows">Rows that went through the head.</param>
/// <param name="Depth">Layers run; the mean over rows where they differ.</param>
/// <param name="ContextTokens">Tokens attended to, summed over rows: position + 1 each.</param>
/// <param name="Times">How long it took.</param>
internal readonly record struct StepTiming(int Rows, int SampledRows, double Depth, long ContextTokens, StepTimes Times)
{
    /// <summary>Sequences that got a token: more than <see cref="SampledRows"/> where an exit check had read the token already.</summary>
    public int Sequences { get; init; } = SampledRows;
}

/// <summary>Times of the parts of a step, in seconds.</summary>
/// <param name="Layers">In the layers.</param>
/// <param name="Head">In norm, head and sampling.</param>
/// <param name="Other">Elsewhere: gathering, embedding, exit checks.</param>
internal readonly record struct StepTimes(double Layers, double Head, double Other)
{
    /// <summary>The whole step.</summary>
    public double Total => Layers + Head + Other;
}
