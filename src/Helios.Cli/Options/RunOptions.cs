using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Helios.Cli.Running;
using Helios.Sdk.Naming;
using Helios.Sdk.Quantities;

namespace Helios.Cli.Options;

/// <summary>Options of <c>run</c>.</summary>
internal sealed class RunOptions
{
    private static readonly Dictionary<string, Baseline> Baselines = new(StringComparer.OrdinalIgnoreCase) { ["full"] = Baseline.Full, ["static-ee"] = Baseline.StaticEarlyExit };
    private static readonly Dictionary<string, CheckExtent> Checked = new(StringComparer.OrdinalIgnoreCase) { ["all"] = CheckExtent.All, ["sample"] = CheckExtent.Sample, ["none"] = CheckExtent.None };

    private readonly Option<string> pool = new("--pool") { Description = "JSON file: memoryBudget, and models with name and path.", HelpName = "P.json", Required = true };
    private readonly Option<string> prompts = new("--prompts") { Description = "Prompts, a JSON object a line: prompt, maxTokens, tenant, atMs (arrival in milliseconds; all lines or none).", HelpName = "F.jsonl", Required = true };
    private readonly Option<string> objective = new("--objective") { Description = "What is to be best: throughput, latency, ttft, energy, memory, quality[:bytes=48MiB,ttft=500ms,tpot=50ms] or goodput:ttft=500ms,tpot=50ms.", HelpName = "O", DefaultValueFactory = _ => "throughput" };
    private readonly Option<string?> baseline = new("--baseline") { Description = "Serve the first model whole, without adaptation: full, or static-ee for per-token exits.", HelpName = "full|static-ee" };
    private readonly Option<double?> rate = new("--rate") { Description = "Requests per second: prompts with atMs are stretched or squeezed to this mean, others arrive at random moments.", HelpName = "R" };
    private readonly Option<int?> concurrency = new("--concurrency") { Description = $"Requests at once ({LoadGenerator.DefaultConcurrency} by default); with --rate or atMs the most at once.", HelpName = "C" };
    private readonly Option<int> warmUp = new("--warm-up") { Description = "Prompts at the beginning that are served first, so many at a time as --concurrency says, and not counted.", HelpName = "N" };
    private readonly Option<QualityGap?> maxQualityGap = new("--max-quality-gap") { Description = "Worst quality chosen, in bits per byte above the best whole model; none lifts the floor.", HelpName = "X|none", CustomParser = ParseGap };
    private readonly Option<string[]> certificates = new("--certificates") { Description = "Serve only points that certificates in these files cover (helios certify --out), beside full depths.", HelpName = "F.json", AllowMultipleArgumentsPerToken = true };
    private readonly Option<double?> minAgreement = new("--min-agreement") { Description = "Least agreement with the same model's full depth, 0 to 1.", HelpName = "X" };
    private readonly Option<long?> maxBytes = new("--max-bytes") { Description = "Most bytes for weights, workspace and one sequence, such as 32MiB.", HelpName = "SIZE", CustomParser = result => Read<long>(result, ByteSize.TryParse, ByteSize.Expected) };
    private readonly Option<double?> maxJoules = new("--max-joules") { Description = "Most joules for a token; needs a meter, or --estimate-watts.", HelpName = "J" };
    private readonly Option<TimeSpan?> maxTtft = new("--max-ttft") { Description = "Longest time to first token, waiting included, of nineteen in twenty requests, such as 500ms.", HelpName = "TIME", CustomParser = result => Read<TimeSpan>(result, Duration.TryParse, Duration.Expected) };
    private readonly Option<double?> estimateWatts = new("--estimate-watts") { Description = "Take the device to draw so much all the time, where nothing measures it.", HelpName = "W" };
    private readonly Option<string?> exitPolicy = new("--exit-policy") { Description = "Per-token exits among the loaded layers; confidence:0.8 for static-ee by default.", HelpName = "P" };
    private readonly Option<int?> reassess = new("--reassess") { Description = "Requests between two evaluations.", HelpName = "N" };
    private readonly Option<int?> requestsPerCandidate = new("--requests-per-candidate") { Description = "Requests that each candidate answers while it is evaluated.", HelpName = "N" };
    private readonly Option<int?> candidates = new("--candidates") { Description = "Models in the shortlist.", HelpName = "K" };
    private readonly Option<int?> maxBatch = new("--max-batch") { Description = "Most sequences in a step; at least 64, and as many as --concurrency, by default.", HelpName = "N" };
    private readonly Option<int?> maxQueue = new("--max-queue") { Description = "Most requests waiting; one more is turned away.", HelpName = "N" };
    private readonly Option<int> maxTokens = new("--max-tokens") { Description = "Most tokens of an answer where a prompt names no maxTokens.", HelpName = "N", DefaultValueFactory = _ => 128 };
    private readonly Option<bool> ignoreEos = new("--ignore-eos") { Description = "Go on past end-of-sequence ids." };
    private readonly Option<string> check = new("--check") { Description = "Which answers are scored again afterwards: sample (a tenth, at least 10), all or none.", HelpName = "sample|all|none", DefaultValueFactory = _ => "sample" };
    private readonly Option<int> seed = new("--seed") { Description = "Seed of arrivals and of the sample.", HelpName = "N" };
    private readonly Option<string?> repository = new("--repository") { Description = "Model repository, written by profile, from which the candidates are chosen.", HelpName = "F.json" };
    private readonly Option<string?> profileStore = new("--profile-store") { Description = "File in which profiles are kept from one run to the next.", HelpName = "F.json" };
    private readonly Option<string> depthRule = new("--depth-rule") { Description = "How a depth is found fit to serve: constrained, by its breach rate, or coverage:X, by the share of tokens that leave up to it.", HelpName = "constrained|coverage:X", DefaultValueFactory = _ => "constrained" };
    private readonly DeviceOptions device = new();

    public RunOptions()
    {
        rate.MustBe(value => value > 0 && double.IsFinite(value), "a finite number above 0");
        minAgreement.MustBe(value => value is >= 0 and <= 1, "0 to 1");
        foreach (var option in (Option<double?>[])[maxJoules, estimateWatts]) option.MustBe(value => value > 0 && double.IsFinite(value), "a finite number above 0");
        foreach (var option in (Option<int?>[])[concurrency, reassess, requestsPerCandidate, candidates, maxBatch, maxQueue]) option.MustBe(value => value >= 1, "at least 1");
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
            requestsPerCandidate, candidates, maxBatch, maxQueue, maxTokens, ignoreEos, check, seed, repository,
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
            Objective = parsed.GetRequiredValue(objective),
            Baseline = parsed.GetValue(baseline) is { } name ? Baselines[name] : Baseline.None,
            Rate = parsed.GetValue(rate),
            Concurrency = parsed.GetValue(concurrency),
            WarmUp = parsed.GetValue(warmUp),
            MaxQualityGap = parsed.GetValue(maxQualityGap),
            MinAgreement = parsed.GetValue(minAgreement),
            Certificates = [.. parsed.GetValue(certificates) ?? []],
            MaxBytes = parsed.GetValue(maxBytes),
            MaxJoules = parsed.GetValue(maxJoules),
            MaxTtft = parsed.GetValue(maxTtft),
            EstimatedWatts = parsed.GetValue(estimateWatts),
            ExitPolicy = parsed.GetValue(exitPolicy),
            Reassess = parsed.GetValue(reassess),
            RequestsPerCandidate = parsed.GetValue(requestsPerCandidate),
            Candidates = parsed.GetValue(candidates),
            MaxBatch = parsed.GetValue(maxBatch),
            MaxQueue = parsed.GetValue(maxQueue),
            MaxTokens = parsed.GetValue(maxTokens),
            IgnoreEndOfSequence = parsed.GetValue(ignoreEos),
            Check = Checked[parsed.GetRequiredValue(check)],
            Seed = parsed.GetValue(seed),
            ModelRepository = parsed.GetValue(repository),
            ProfileStore = parsed.GetValue(profileStore),
            DepthRule = parsed.GetRequiredValue(depthRule),
        };
        if (settings is { Baseline: Baseline.Full, ExitPolicy: { } policy } && !Names.Same(policy, "none"))
            throw new UsageException($"--baseline full has no exits; --exit-policy is '{policy}'.");
        return settings;
    }

    private delegate bool TryParse<T>(string text, out T value);

    private static T? Read<T>(ArgumentResult result, TryParse<T> tryParse, string expected)
        where T : struct
    {
        var text = result.Tokens[0].Value;
        if (tryParse(text, out var value)) return value;
        result.AddError($"{((OptionResult)result.Parent!).Option.Name} is '{text}'; expected {expected}.");
        return null;
    }

    private static QualityGap? ParseGap(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (Names.Same(text, "none")) return new QualityGap(null);
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var gap) && double.IsFinite(gap)) return new QualityGap(gap);
        result.AddError($"--max-quality-gap is '{text}'; expected bits per byte of at least 0, or none.");
        return null;
    }
}
