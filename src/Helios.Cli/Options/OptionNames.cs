using System.Text.RegularExpressions;

namespace Helios.Cli.Options;

/// <summary>Puts messages of the engine into the words of the command line.</summary>
internal static partial class OptionNames
{
    private static readonly (string Engine, string CommandLine)[] Names =
    [
        ("Adaptation.FixedDepth", "--depth"),
        ("Adaptation.Objective", "--objective"),
        ("Adaptation.Certificates", "--certificates"),
        ("Adaptation.DepthRule", "--depth-rule"),
        ("Adaptation.ProfileStore", "--profile-store"),
        ("Adaptation.MaxPointBytes", "--max-bytes"),
        ("Adaptation.MaxJoulesPerToken", "--max-joules"),
        ("Adaptation.MaxTtft", "--max-ttft"),
        ("EstimateEnergy(watts)", "--estimate-watts W"),
        ("Serving.ExitPolicy", "--exit-policy"),
        ("Serving.DraftDepth", "--lossless"),
        ("TokenIds[", "--ids["),
        ("MaxTokensPerRequest", "--max-tokens"),
        ("MaxTokens", "--max-tokens"),
        ("LogitBias", "--logit-bias"),
        ("Stop holds", "--stop holds"),
        ("StopTokenIds", "--stop-id"),
        ("LogProbabilities", "--logprobs"),
    ];

    public static string Translate(string message) =>
        Names.Aggregate(WithoutParameter(message), (text, name) => text.Replace(name.Engine, name.CommandLine, StringComparison.Ordinal));

    /// <summary>A message about what stands in a file rather than on the command line.</summary>
    public static string WithoutParameter(string message) => Parameter().Replace(message, "");

    /// <summary>What the parser says, and where to look.</summary>
    public static string Explain(string message) =>
        message.StartsWith("Required command", StringComparison.Ordinal) ? $"{message} --help lists what there is." : message;

    /// <summary>The name of a parameter says nothing at a prompt.</summary>
    [GeneratedRegex(@" \(Parameter '\w+'\)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Parameter();
}
