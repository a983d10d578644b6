using Helios.Sdk.Hosting.Requests;
using Helios.Sdk.Telemetry;

namespace Helios.Sdk.Hosting.Composition;

/// <summary>The parts of a running engine, and the order in which they start and stop.</summary>
internal sealed class EngineParts(string name, HeliosOptions options, TimeProvider time, EngineMeter meter, DeviceModule device, ServingModule serving, AdaptationModule adaptation, LabModule lab, SequenceFactory sequences)
{
    /// <summary>Distinguishes engines of one container; empty for the one without a name.</summary>
    public string Name => name;

    public HeliosOptions Options => options;

    public TimeProvider Time => time;

    public DeviceModule Device => device;

    public ServingModule Serving => serving;

    public AdaptationModule Adaptation => adaptation;

    public LabModule Lab => lab;

    public SequenceFactory Sequences => sequences;

    public void Start()
    {
        serving.Start();
        adaptation.Start();
    }

    /// <summary>Drains or aborts the serving loop, ends the adaptation loop, then frees everything from the top down.</summary>
    /// <param name="cancellationToken">Aborts live requests at once.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await serving.DrainAsync(cancellationToken).ConfigureAwait(false);
        await adaptation.CancelAsync().ConfigureAwait(false);
        await serving.EndAsync().ConfigureAwait(false);
        await adaptation.EndAsync().ConfigureAwait(false);
        meter.Dispose();
        adaptation.Dispose();
        await device.DisposeAsync().ConfigureAwait(false);
    }

    public EngineSnapshot Snapshot() => new()
    {
        Device = device.Backend.Device,
        Serving = device.Routes.Current?.Serving.Point,
        IsDegraded = adaptation.Loop.Degraded,
        Steps = serving.Loop.State.Steps,
        CompletedRequests = serving.Telemetry.Completed,
        RunningSequences = device.Sequences.Running,
        Preemptions = device.Sequences.Preemptions,
        PeakBatch = serving.Telemetry.PeakRows,
        KvSlabBytes = device.Blocks.SlabBytes,
        KvUsedBytes = device.Blocks.UsedBytes,
        KvCachedBytes = device.Blocks.CachedBytes,
        PromptTokens = serving.Loop.Prompts.PromptTokens,
        PrefixHitTokens = serving.Loop.Prompts.HitTokens,
        KvPeakBytes = device.Blocks.PeakBytes,
        RequestBytes = device.Sequences.HostBytes,
        EncodingBytes = sequences.EncodingBytes,
        ScoringShare = device.Work.Share,
        DraftedTokens = device.Routes.Current?.Serving.Drafts?.Drafted ?? 0,
        AcceptedTokens = device.Routes.Current?.Serving.Drafts?.Accepted ?? 0,
        Energy = adaptation.Energy.Sample(),
        EnergySource = adaptation.Energy.Source,
        EnergyIsEstimate = adaptation.Energy.IsEstimate,
        Profiles = adaptation.Profiles.Latest,
    };
}
