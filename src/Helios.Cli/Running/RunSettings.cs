using System.Collections.Immutable;
using Helios.Cli.Files;
using Helios.Cli.Options;
using Helios.Sdk;

namespace Helios.Cli.Running;

/// <summary>Settings of a run.</summary>
internal sealed record RunSettings
{
    public required string Pool { get; init; }

    public required string Prompts { get; init; }

    public required DeviceChoice Device { get; init; }

    public required Baseline Baseline { get; init; }

    /// <summary>Requests per second, on average; null leaves arrivals as the prompts have them, or keeps <see cref="Concurrency"/> requests going.</summary>
    public required double? Rate { get; init; }

    /// <summary>Most requests at once; null has no limit where requests arrive by the clock, and a default where they don't.</summary>
    public required int? Concurrency { get; init; }

    /// <summary>Prompts at the beginning that are served before what counts begins.</summary>
    public required int WarmUp { get; init; }

    /// <summary>Files of the certificates required; none requires none.</summary>
    public required ImmutableArray<string> Certificates { get; init; }

    /// <summary>Power that the device is taken to draw; null where a meter is to measure it.</summary>
    public required double? EstimatedWatts { get; init; }

    public required string? ExitPolicy { get; init; }

    /// <summary>Sets what was said of the serving loop.</summary>
    public required Action<HeliosOptions> Serve { get; init; }

    /// <summary>Sets what was said of the adaptation loop; a baseline has none.</summary>
    public required Action<HeliosOptions> Adapt { get; init; }

    public required int MaxTokens { get; init; }

    /// <summary>0 takes the likeliest token; null is the default of the model that answers.</summary>
    public required float? Temperature { get; init; }

    public required bool IgnoreEndOfSequence { get; init; }

    public required CheckExtent Check { get; init; }

    public required int Seed { get; init; }

    /// <summary>Composes the engine that serves.</summary>
    public HeliosBuilder CreateBuilder(PoolFile pool)
    {
        var builder = Device.CreateBuilder();
        foreach (var model in pool.Models) builder.AddModel(model.Folder, model.Name);
        if (pool.MemoryBudget is { } budget) builder.UseMemoryBudget(budget);
        if (EstimatedWatts is { } watts) builder.EstimateEnergy(watts);
        builder.Configure(options =>
        {
            options.Serving.MaxBatchSize = Math.Max(options.Serving.MaxBatchSize, Concurrency ?? 0);
            Serve(options);
            options.Serving.MaxRowsPerStep = Math.Max(options.Serving.MaxRowsPerStep, options.Serving.MaxBatchSize);
        });
        if (Baseline == Baseline.Full) builder.ServeFixed(exitPolicy: "none");
        else if (Baseline == Baseline.StaticEarlyExit) builder.ServeFixed(exitPolicy: ExitPolicy ?? "confidence:0.8");
        else builder.Configure(AdaptWithCertificates);
        return builder;
    }

    private void AdaptWithCertificates(HeliosOptions options)
    {
        Adapt(options);
        options.Adaptation.RequireCertificate = Certificates.Length > 0;
        foreach (var file in Certificates) options.Adaptation.Certificates.Add(file);
    }
}

/// <summary>The active point instead of the adaptive engine.</summary>
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
