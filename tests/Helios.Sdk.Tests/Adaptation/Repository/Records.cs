using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Backends;

namespace Helios.Sdk.Tests.Adaptation.Repository;

/// <summary>Made-up records of models.</summary>
internal static class Records
{
    public static DateTimeOffset Noon { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static StepCosts Costs { get; } = new()
    {
        OtherSeconds = 1e-5,
        Head = new RowCurve(0.002, [.. Enumerable.Repeat(1e-4, RowCurve.Segments)], 0),
        Layer = new RowCurve(0.001, [.. Enumerable.Repeat(2e-4, RowCurve.Segments)], 1e-7),
        RelativeError = 0.04,
    };

    /// <summary>A model of 6 layers with exits 2, 4 and 6.</summary>
    /// <param name="name">Its name and its fingerprint.</param>
    /// <param name="requests">Requests it has scored, a minute apart.</param>
    /// <param name="agreed">Of 10 served tokens, those that the exits below full depth get right, and are sure of.</param>
    public static ModelRecord Model(string name = "m", int requests = 3, int agreed = 9) => new()
    {
        Key = new ModelKey(name, "2 threads", Precision.Bf16),
        Name = name,
        At = Noon,
        Depths = [2, 4, 6],
        Size = new LoadSize(1000, [.. Enumerable.Repeat(500L, 6)]),
        WorkspaceBytes = 300,
        Costs = Costs,
        Calibration = [Bins(2), Bins(4)],
        Requests = [.. Enumerable.Range(0, requests).Select(i => new ScoredRequest(Noon.AddMinutes(i - requests), Request(i, agreed)))],
        Alone = new AloneTimes(20, 11.5, 2.25),
        Watts = 41.5,
    };

    public static RequestEvidence Request(long text, int agreed = 9) => new(text, Utf8Bytes: 100, ServedTokens: 10,
    [
        new ExitSums(90.5, agreed, Confidences(agreed), Confidences(agreed)),
        new ExitSums(80.25, agreed, Confidences(agreed), Confidences(agreed)),
        new ExitSums(70, 10, Sure(10), Sure(10)),
    ]);

    /// <summary>So many tokens, all of them as sure as can be.</summary>
    public static ConfidenceHistogram Sure(int tokens) => new([new LevelCount(ConfidenceHistogram.Levels, tokens)]);

    /// <summary>Of 10 tokens so many at 0.8, the others at 0.3.</summary>
    private static ConfidenceHistogram Confidences(int sure) => new([.. new LevelCount[] { new(60, 10 - sure), new(160, sure) }.Where(count => count.Tokens > 0)]);

    private static ExitBins Bins(int depth) => new(
        depth,
        [.. Enumerable.Range(0, CalibrationLearner.Bins).Select(bin => bin * 1.5)],
        [.. Enumerable.Range(0, CalibrationLearner.Bins).Select(bin => bin * 0.75)]);
}
