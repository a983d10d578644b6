namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>
/// What a step of a model costs: <c>o + h(rows) + depth x (w(rows) + c x context)</c> seconds, where h is over the rows
/// that are sampled. Immutable.
/// </summary>
internal sealed record StepCosts
{
    /// <summary>Nothing measured: every prediction is 0.</summary>
    public static StepCosts None { get; } = new();

    /// <summary>w and c: seconds of one layer.</summary>
    public RowCurve Layer { get; init; } = RowCurve.Zero;

    /// <summary>h: seconds of norm, head and sampling.</summary>
    public RowCurve Head { get; init; } = RowCurve.Zero;

    /// <summary>o: seconds of everything else.</summary>
    public double OtherSeconds { get; init; }

    /// <summary>Mean of |predicted - measured| / measured over recent steps; null before any was predicted.</summary>
    public double? RelativeError { get; init; }

    /// <summary>Whether anything was measured, on this model or on the one it was scaled from.</summary>
    public bool IsMeasured => Layer.Base > 0 || Layer.PerContext > 0;

    /// <summary>Seconds of a step in which every row decodes.</summary>
    /// <param name="rows">Sequences, at least 1.</param>
    /// <param name="depth">Layers run.</param>
    /// <param name="meanContext">Tokens that a row attends to, on average.</param>
    public double PredictStep(int rows, int depth, double meanContext) =>
        Predict(rows, rows, depth, rows * meanContext);

    /// <summary>Seconds to prefill a prompt alone, in chunks, up to its first token.</summary>
    /// <param name="tokens">Tokens of the prompt.</param>
    /// <param name="depth">Layers run.</param>
    /// <param name="chunkRows">Most rows of a step, at least 1.</param>
    public double PredictPrefill(int tokens, int depth, int chunkRows)
    {
        var seconds = 0.0;
        for (var start = 0; start < tokens; start += chunkRows)
        {
            var rows = Math.Min(chunkRows, tokens - start);
            // Row i of the chunk attends to start + i tokens, i from 1.
            var context = (double)rows * start + rows * (rows + 1.0) / 2;
            seconds += Predict(rows, start + rows == tokens ? 1 : 0, depth, context);
        }

        return seconds;
    }

    /// <summary>Seconds of any step.</summary>
    /// <param name="rows">Rows that run.</param>
    /// <param name="sampledRows">Rows that go through the head.</param>
    /// <param name="depth">Layers run.</param>
    /// <param name="context">Tokens attended to, over all rows.</param>
    public double Predict(int rows, int sampledRows, double depth, double context) =>
        OtherSeconds + (sampledRows > 0 ? Head.At(sampledRows, 0) : 0) + depth * Layer.At(rows, context);

    /// <summary>The same on a machine that takes so many times as long for everything.</summary>
    /// <param name="factor">Above 0.</param>
    public StepCosts AtPace(double factor) =>
        factor == 1 ? this : this with { Layer = Layer.Times(factor), Head = Head.Times(factor), OtherSeconds = OtherSeconds * factor };

    /// <summary>
    /// A guess for a model that has not run yet, from one that has: a layer and a head take as long as their bytes say.
    /// </summary>
    /// <param name="layer">Bytes of its layer over bytes of this one's.</param>
    /// <param name="head">Bytes of its head over bytes of this one's.</param>
    public StepCosts Scale(double layer, double head) =>
        this with { Layer = Layer.Times(layer), Head = Head.Times(head), RelativeError = null };
}
