using Helios.Peers.Measuring;

namespace Helios.Peers.Reporting;

/// <summary>One measured point of one pair.</summary>
/// <param name="Pair">The precisions compared.</param>
/// <param name="Point">What was measured.</param>
/// <param name="Unit"><c>tok/s</c>, or <c>ms</c> for a cost.</param>
/// <param name="Ours">Our figure of every round; null while the precision is not built.</param>
/// <param name="Theirs">llama.cpp's figure of every round, with the kind of attention that is faster here.</param>
/// <param name="TheirSetting">Which kind that is.</param>
/// <param name="Ratio">How many times faster we are, in every round.</param>
/// <param name="Target">The least ratio asked for; null where none is.</param>
internal sealed record Row(
    PrecisionPair Pair, string Point, string Unit, Samples? Ours, Samples Theirs, string TheirSetting, Samples? Ratio, double? Target)
{
    /// <summary>Whether the target is met; null without one, or without our figure.</summary>
    public bool? Met => Ratio is { } ratio && Target is { } target ? ratio.Median >= target : null;
}

/// <summary>The least ratios asked for, on <see cref="Models.LlamaShape.Default"/>.</summary>
internal static class Targets
{
    /// <summary>Attention over a long context costs no more than llama.cpp's.</summary>
    public const double Attention = 1;

    private static readonly Dictionary<(string Precision, string Point), double> Ratios = new()
    {
        [("bf16", "decode B=1")] = 1.15,
        [("bf16", "decode B=8")] = 2.3,
        [("bf16", "decode B=32")] = 1.75,
        [("bf16", "prefill 512")] = 1.45,
        [("int8", "decode B=1")] = 1.4,
        [("int8", "decode B=8")] = 2.3,
        [("int8", "decode B=32")] = 1.7,
        [("int8", "prefill 512")] = 1.3,
        [("int4", "decode B=1")] = 1.05,
        [("int4", "decode B=8")] = 1.4,
        [("int4", "decode B=32")] = 1.2,
        [("int4", "prefill 512")] = 1.1,
    };

    public static double? For(PrecisionPair pair, Workload workload) =>
        Ratios.TryGetValue((pair.Ours, workload.Name), out var ratio) ? ratio : null;
}
