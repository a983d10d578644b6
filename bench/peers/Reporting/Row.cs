using Helios.Peers.Measuring;
using Helios.Peers.Models;
using Helios.Sdk;

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

/// <summary>The least ratios asked for: of the random model of the default shape, and of a model file as it is stored.</summary>
internal static class Targets
{
    /// <summary>Attention over a long context costs no more than llama.cpp's.</summary>
    public const double Attention = 1;

    private static readonly Dictionary<(Precision Precision, string Point), double> Ratios = new()
    {
        [(Precision.Bf16, "decode B=1")] = 1.15,
        [(Precision.Bf16, "decode B=8")] = 2.3,
        [(Precision.Bf16, "decode B=32")] = 1.75,
        [(Precision.Bf16, "prefill 512")] = 1.45,
        [(Precision.Int8, "decode B=1")] = 1.4,
        [(Precision.Int8, "decode B=8")] = 2.3,
        [(Precision.Int8, "decode B=32")] = 1.7,
        [(Precision.Int8, "prefill 512")] = 1.3,
        [(Precision.Int4, "decode B=1")] = 1.05,
        [(Precision.Int4, "decode B=8")] = 1.4,
        [(Precision.Int4, "decode B=32")] = 1.2,
        [(Precision.Int4, "prefill 512")] = 1.1,
        [(Precision.Auto, "decode B=1")] = 1.1,
        [(Precision.Auto, "decode B=8")] = 1.5,
        [(Precision.Auto, "decode B=32")] = 1.5,
        [(Precision.Auto, "prefill 512")] = 1.3,
    };

    public static double? For(IModelStore model, PrecisionPair pair, Workload workload) =>
        (pair.Theirs is null || model.Name == LlamaShape.Default.ToString()) && Ratios.TryGetValue((pair.Ours, workload.Name), out var ratio) ? ratio : null;
}
