using System.CommandLine;
using Helios.Sdk;
using Helios.Sdk.Lab;

namespace Helios.Cli.Options;

/// <summary>Options of the command line that set an option of the engine or of a request: they are described and checked as the engine does.</summary>
internal static class EngineOptions
{
    private static readonly (string Name, string Path)[] Paths =
    [
        ("--depth", "Adaptation:FixedDepth"),
        ("--objective", "Adaptation:Objective"),
        ("--repository", "Adaptation:ModelRepository"),
        ("--profile-store", "Adaptation:ProfileStore"),
        ("--candidates", "Adaptation:Candidates"),
        ("--requests-per-candidate", "Adaptation:RequestsPerCandidate"),
        ("--depth-rule", "Adaptation:DepthRule"),
        ("--confidence-target", "Adaptation:ConfidenceTarget"),
        ("--max-quality-gap", "Adaptation:MaxQualityGap"),
        ("--min-agreement", "Adaptation:MinAgreement"),
        ("--certificates", "Adaptation:Certificates"),
        ("--max-bytes", "Adaptation:MaxPointBytes"),
        ("--max-joules", "Adaptation:MaxJoulesPerToken"),
        ("--max-ttft", "Adaptation:MaxTtft"),
        ("--reassess", "Adaptation:ReassessEveryRequests"),
        ("--max-batch", "Serving:MaxBatchSize"),
        ("--max-queue", "Serving:MaxQueueLength"),
        ("--exit-policy", "Serving:ExitPolicy"),
        ("--lossless", "Serving:DraftDepth"),
        ("--policies", nameof(CertificationRequest.Points)),
        ("--precision", nameof(HeliosOptions.Precision)),
        ("--prompt", nameof(GenerationRequest.Prompt)),
        ("--ids", nameof(GenerationRequest.TokenIds)),
        ("--max-tokens", nameof(GenerationRequest.MaxTokens)),
        ("--max-tokens", nameof(CertificationRequest.MaxTokensPerRequest)),
        ("--logit-bias", nameof(SamplingOptions.LogitBias)),
        ("--stop", nameof(GenerationRequest.Stop)),
        ("--stop-id", nameof(GenerationRequest.StopTokenIds)),
        ("--logprobs", nameof(GenerationRequest.LogProbabilities)),
    ];

    /// <summary>What is wrong, by the options of the command line where there are such; the name of a parameter says nothing at a prompt.</summary>
    public static string Describe(ArgumentException error) => error switch
    {
        InvalidOptionException { Faults: { Count: > 0 } faults } => string.Join(' ', faults.Select(fault => fault.Describe(NameOf))),
        { ParamName: { } name } => error.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal),
        _ => error.Message,
    };

    /// <summary>Creates an option that sets one of the engine: what is written is what configuration writes, and is refused as it would be there.</summary>
    /// <param name="name">Its name here.</param>
    /// <param name="helpName">What its value is called.</param>
    /// <param name="more">What the command has to add to the description of the engine's option; null for nothing.</param>
    public static Option<string?> Create(string name, string helpName, string? more = null)
    {
        var known = Known(name);
        var range = known.Range.Length > 0 ? $", {known.Range}" : "";
        var option = new Option<string?>(name) { HelpName = helpName, Description = $"{known.Description.TrimEnd('.')}{range}.{(more is null ? "" : $" {more}")}" };
        option.Validators.Add(result =>
        {
            if (known.Set(new HeliosOptions(), result.GetValueOrDefault<string?>() ?? "") is { } fault) result.AddError(fault.Describe(NameOf));
        });
        return option;
    }

    /// <summary>Sets the engine's options that were given; the others stay as they are.</summary>
    public static void Apply(ParseResult parsed, IEnumerable<Option<string?>> given, HeliosOptions options)
    {
        foreach (var option in given)
        {
            if (parsed.GetValue(option) is { } text) Known(option.Name).Set(options, text);
        }
    }

    private static HeliosOption Known(string name) => HeliosOption.Find(Array.Find(Paths, known => known.Name == name).Path);

    private static string NameOf(OptionPath path)
    {
        var name = Array.Find(Paths, known => known.Path == path.Option).Name;
        return name is null ? path.ToString() : new OptionPath(name, path.Entry).ToString();
    }
}
