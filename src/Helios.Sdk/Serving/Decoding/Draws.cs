using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Serving.Requests;

namespace Helios.Sdk.Serving.Decoding;

/// <summary>How sequences draw tokens.</summary>
internal static class Draws
{
    /// <summary>How the token behind a position is drawn: a function of sequence and position alone, at whatever depth.</summary>
    /// <param name="sequence">Whose token it is.</param>
    /// <param name="row">The row at the position, as an index into the batch.</param>
    /// <param name="position">The position.</param>
    /// <param name="needs">Signals wanted of the row.</param>
    public static SampleRow Of(Sequence sequence, int row, int position, ExitSignals needs)
    {
        var sampling = sequence.Sampling;
        var uniform = sampling.Draws ? CounterRandom.Uniform(sequence.Seed, position) : 0;
        return new SampleRow(row, sampling.Temperature, sampling.TopK, sampling.TopP, uniform, needs)
        {
            MinP = sampling.MinP,
            Edit = sequence.Edit,
            Likeliest = sequence.Output.LogProbabilities?.LikeliestAt(position + 1 - sequence.PromptLength) ?? default,
        };
    }
}
