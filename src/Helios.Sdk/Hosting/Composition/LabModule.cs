using Helios.Sdk.Adaptation.Certification;
using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Adaptation.Scoring;

namespace Helios.Sdk.Hosting.Composition;

/// <summary>What measures the models of an engine on demand: texts scored, models profiled, points certified.</summary>
internal sealed class LabModule(HeliosOptions options, DeviceModule device, ServingModule serving, AdaptationModule adaptation, TimeProvider time)
{
    public SequenceScorer Scores { get; } = new(device.Pool, adaptation.Scorer);

    public OfflineProfiling Profiling { get; } = new(new ProfilingParts(device.Pool, adaptation.Scorer, adaptation.Probe, serving.Telemetry, adaptation.Journal)
    {
        MaxBatch = options.Serving.MaxBatchSize,
        Energy = adaptation.Energy,
        Site = adaptation.Site,
        Profiles = adaptation.ProfileSettings,
    });

    public Certifier Certifier { get; } = new(
        device.Pool,
        adaptation.Scorer,
        new PointReplay(device.Pool, device.Blocks, device.Work, options.Serving.MaxRowsPerStep),
        new CertifierSettings(options.Precision, adaptation.Policies, time));
}
