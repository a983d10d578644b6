using System.Collections.Immutable;
using Helios.Cli.Options;
using Helios.Sdk;

namespace Helios.Cli.Running;

/// <summary>What a run was told.</summary>
internal sealed record RunSettings
{
    public required string Pool { get; init; }

    public required string Prompts { get; init; }

    public required DeviceChoice Device { get; init; }

    public required string Objective { get; init; }

    public required Baseline Baseline { get; init; }

    /// <summary>Requests per second, on average; null leaves arrivals as the prompts have them, or keeps <see cref="Concurrency"/> requests going.</summary>
    public required double? Rate { get; init; }

    /// <summary>Most requests at once; null has no limit where requests arrive by the clock, and a default where they don't.</summary>
    public required int? Concurrency { get; init; }

    /// <summary>Prompts at the beginning that are served before what counts begins.</summary>
    public required int WarmUp { get; init; }

    /// <summary>Quality floor; null leaves the engine's own.</summary>
    public required QualityGap? MaxQualityGap { get; init; }

    public required double? MinAgreement { get; init; }

    /// <summary>Files of the certificates required; none requires none.</summary>
    public required ImmutableArray<string> Certificates { get; init; }

    /// <summary>Most bytes of weights, workspace and one sequence.</summary>
    public required long? MaxBytes { get; init; }

    /// <summary>Most joules for a token.</summary>
    public required double? MaxJoules { get; init; }

    /// <summary>Longest time to first token, p95.</summary>
    public required TimeSpan? MaxTtft { get; init; }

    /// <summary>Power that the device is taken to draw; null where a meter is to measure it.</summary>
    public required double? EstimatedWatts { get; init; }

    public required string? ExitPolicy { get; init; }

    public required int? Reassess { get; init; }

    public required int? RequestsPerCandidate { get; init; }

    public required int? Candidates { get; init; }

    public required int? MaxBatch { get; init; }

    public required int? MaxQueue { get; init; }

    public required int MaxTokens { get; init; }

    public required bool IgnoreEndOfSequence { get; init; }

    public required CheckExtent Check { get; init; }

    public required int Seed { get; init; }

    /// <summary>Offline telemetry that candidates are chosen from; null chooses by size.</summary>
    public required string? ModelRepository { get; init; }

    /// <summary>Where profiles are kept from one run to the next; null keeps none.</summary>
    public required string? ProfileStore { get; init; }

    public required string DepthRule { get; init; }

    /// <summary>Composes the engine that serves.</summary>
    public HeliosBuilder CreateBuilder(PoolFile pool)
    {
        var builder = Device.CreateBuilder();
        foreach (var model in pool.Models) builder.AddModel(model.Folder, model.Name);
        if (pool.MemoryBudget is { } budget) builder.UseMemoryBudget(budget);
        if (EstimatedWatts is { } watts) builder.EstimateEnergy(watts);
        builder.Configure(options =>
        {
            options.Serving.MaxBatchSize = MaxBatch ?? Math.Max(options.Serving.MaxBatchSize, Concurrency ?? 0);
            options.Serving.MaxQueueLength = MaxQueue ?? options.Serving.MaxQueueLength;
            options.Serving.MaxRowsPerStep = Math.Max(options.Serving.MaxRowsPerStep, options.Serving.MaxBatchSize);
        });
        if (Baseline == Baseline.Full) builder.ServeFixed();
        else if (Baseline == Baseline.StaticEarlyExit) builder.ServeFixed(exitPolicy: ExitPolicy ?? "confidence:0.8");
        else builder.Configure(Adapt);
        return builder;
    }

    private void Adapt(HeliosOptions options)
    {
        var adaptation = options.Adaptation;
        adaptation.Objective = Objective;
        if (MaxQualityGap is { } gap) adaptation.MaxQualityGap = gap.BitsPerByte;
        adaptation.MinAgreement = MinAgreement;
        adaptation.RequireCertificate = Certificates.Length > 0;
        foreach (var file in Certificates) adaptation.Certificates.Add(file);
        adaptation.ModelRepository = ModelRepository;
        adaptation.ProfileStore = ProfileStore;
        adaptation.DepthRule = DepthRule;
        adaptation.MaxPointBytes = MaxBytes;
        adaptation.MaxJoulesPerToken = MaxJoules;
        adaptation.MaxTtft = MaxTtft;
        adaptation.ReassessEveryRequests = Reassess ?? adaptation.ReassessEveryRequests;
        adaptation.RequestsPerCandidate = RequestsPerCandidate ?? adaptation.RequestsPerCandidate;
        adaptation.Candidates = Candidates ?? adaptation.Candidates;
        options.Serving.ExitPolicy = ExitPolicy ?? options.Serving.ExitPolicy;
    }
}

/// <summary>What serves instead of the adaptive engine.</summary>
internal enum Baseline
{
    None,
    Full,
    StaticEarlyExit,
}

/// <summary>How many of the completed requests are scored again after a run.</summary>
internal enum CheckExtent
{
    Sample,
    All,
    None,
}

/// <summary>Worst quality chosen; null lifts the floor.</summary>
internal readonly record struct QualityGap(double? BitsPerByte);
