using System.CommandLine;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Sdk.Naming;

namespace Helios.Cli.Running;

/// <summary>Options of <c>run</c>.</summary>
internal sealed class RunOptions
{
    private static readonly Dictionary<string, Baseline> Baselines = new(StringComparer.OrdinalIgnoreCase) { ["full"] = Baseline.Full, ["static-ee"] = Baseline.StaticEarlyExit };
    private static readonly Dictionary<string, CheckExtent> Checked = new(StringComparer.OrdinalIgnoreCase) { ["all"] = CheckExtent.All, ["sample"] = CheckExtent.Sample, ["none"] = CheckExtent.None };

    private readonly Option<string> pool = new("--pool") { Description = "JSON file: memoryBudget, and models with name and path.", HelpName = "P.json", Required = true };
    private readonly Option<string> prompts = new("--prompts") { Description = "Prompts, one JSON object per line: prompt, maxTokens, tenant, atMs (arrival in milliseconds; all lines or none).", HelpName = "F.jsonl", Required = true };
    private readonly Option<string?> objective = EngineOptions.Create("--objective", "O", "throughput (the default), latency, ttft, energy, memory, quality[:bytes=48MiB,ttft=500ms,tpot=50ms] or goodput:ttft=500ms,tpot=50ms.");
    private readonly Option<string?> baseline = new("--baseline") { Description = "Serve the first model at full depth, without adaptation: full, or static-ee for per-token exits.", HelpName = "full|static-ee" };
    private readonly Option<double?> rate = new("--rate") { Description = "Mean requests per second: arrival times (atMs) are scaled to it; without them, arrivals are random.", HelpName = "R" };
    private readonly Option<int?> concurrency = new("--concurrency") { Description = $"Requests at once ({LoadGenerator.DefaultConcurrency} by default); with --rate or atMs the maximum.", HelpName = "C" };
    private readonly Option<int> warmUp = new("--warm-up") { Description = "Number of prompts at the beginning that are served first, --concurrency at a time, and not counted.", HelpName = "N" };
    private readonly Option<string?> maxQualityGap = EngineOptions.Create("--max-quality-gap", "X|none", "none removes the floor.");
    private readonly Option<string[]> certificates = new("--certificates") { Description = "Serve only full depths and points with a certificate in these files (helios certify --out).", HelpName = "F.json", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> minAgreement = EngineOptions.Create("--min-agreement", "X");
    private readonly Option<string?> maxBytes = EngineOptions.Create("--max-bytes", "SIZE");
    private readonly Option<string?> maxJoules = EngineOptions.Create("--max-joules", "J", "--estimate-watts replaces a meter by an estimate.");
    private readonly Option<string?> maxTtft = EngineOptions.Create("--max-ttft", "TIME");
    private readonly Option<double?> estimateWatts = new("--estimate-watts") { Description = "Assume a constant power of the device if no meter can be read.", HelpName = "W" };
    private readonly Option<string?> exitPolicy = EngineOptions.Create("--exit-policy", "P", "confidence:0.8 for static-ee by default.");
    private readonly Option<string?> reassess = EngineOptions.Create("--reassess", "N");
    private readonly Option<string?> requestsPerCandidate = EngineOptions.Create("--requests-per-candidate", "N");
    private readonly Option<string?> candidates = EngineOptions.Create("--candidates", "K");
    private readonly Option<string?> maxBatch = EngineOptions.Create("--max-batch", "N", "64, or as many as --concurrency, by default.");
    private readonly Option<string?> maxQueue = EngineOptions.Create("--max-queue", "N", "Further requests are refused.");
    private readonly Option<int> maxTokens = new("--max-tokens") { Description = "Maximum tokens of an answer if a prompt has no maxTokens.", HelpName = "N", DefaultValueFactory = _ => 128 };
    private readonly Option<float?> temperature = TemperatureOption.Create();
    private readonly Option<bool> ignoreEos = new("--ignore-eos") { Description = "Continue past end-of-sequence ids." };
    private readonly Option<string> check = new("--check") { Description = "Which answers are scored again afterwards: sample (a tenth, at least 10), all or none.", HelpName = "sample|all|none", DefaultValueFactory = _ => "sample" };
    private readonly Option<int> seed = new("--seed") { Description = "Seed of arrivals and of the sample.", HelpName = "N" };
    private readonly Option<string?> repository = EngineOptions.Create("--repository", "F.json");
    private readonly Option<string?> profileStore = EngineOptions.Create("--profile-store", "F.json");
    private readonly Option<string?> depthRule = EngineOptions.Create("--depth-rule", "constrained|coverage:X");
    private readonly DeviceOptions device = new();

    public RunOptions()
    {
        rate.MustBe(value => value > 0 && double.IsFinite(value), "a finite number above 0");
        estimateWatts.MustBe(value => value > 0 && double.IsFinite(value), "a finite number above 0");
        concurrency.MustBe(value => value >= 1, "at least 1");
        maxTokens.MustBe(value => value >= 1, "at least 1");
        warmUp.MustBe(value => value >= 0, "at least 0");
        baseline.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, [.. Baselines.Keys]);
        check.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, [.. Checked.Keys]);
    }

    public void AddTo(Command command)
    {
        Option[] options =
        [
            pool, prompts, objective, baseline, rate, concurrency, warmUp, maxQualityGap, minAgreement, certificates, maxBytes, maxJoules, maxTtft,
            estimateWatts, exitPolicy, reassess,
            requestsPerCandidate, candidates, maxBatch, maxQueue, maxTokens, temperature, ignoreEos, check, seed, repository,
            profileStore, depthRule,
        ];
        foreach (var option in options) command.Add(option);
        device.AddTo(command);
    }

    public RunSettings Read(ParseResult parsed)
    {
        var settings = new RunSettings
        {
            Pool = parsed.GetRequiredValue(pool),
            Prompts = parsed.GetRequiredValue(prompts),
            Device = device.Read(parsed),
            Baseline = parsed.GetValue(baseline) is { } name ? Baselines[name] : Baseline.None,
            Rate = parsed.GetValue(rate),
            Concurrency = parsed.GetValue(concurrency),
            WarmUp = parsed.GetValue(warmUp),
            Certificates = [.. parsed.GetValue(certificates) ?? []],
            EstimatedWatts = parsed.GetValue(estimateWatts),
            ExitPolicy = parsed.GetValue(exitPolicy),
            Serve = options => EngineOptions.Apply(parsed, [maxBatch, maxQueue], options),
            Adapt = options => EngineOptions.Apply(parsed, [objective, maxQualityGap, minAgreement, maxBytes, maxJoules, maxTtft, exitPolicy, reassess, requestsPerCandidate, candidates, repository, profileStore, depthRule], options),
            MaxTokens = parsed.GetValue(maxTokens),
            Temperature = parsed.GetValue(temperature),
            IgnoreEndOfSequence = parsed.GetValue(ignoreEos),
            Check = Checked[parsed.GetRequiredValue(check)],
            Seed = parsed.GetValue(seed),
        };
        if (settings is { Baseline: Baseline.Full, ExitPolicy: { } policy } && !Names.Same(policy, "none"))
            throw new UsageException($"--baseline full has no exits; --exit-policy is '{policy}'.");
        return settings;
    }
}
