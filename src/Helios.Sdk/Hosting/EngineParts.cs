using System.Diagnostics;
using Helios.Sdk.Adaptation;
using Helios.Sdk.Adaptation.Certification;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Energy;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Telemetry;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk;

/// <summary>The parts of a running engine, and the order in which they start and stop.</summary>
internal sealed partial class EngineParts : IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly Thread device;
    private readonly TaskCompletionSource deviceEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task adapting = Task.CompletedTask;
    private volatile bool ending;

    public EngineParts() => device = new Thread(RunDevice) { Name = "helios-device", IsBackground = true };

    /// <summary>Tells engines of one container apart; empty for the one without a name.</summary>
    public required string Name { get; init; }

    public required ServingOptions Serving { get; init; }

    public required TimeProvider Time { get; init; }

    public required IBackend Backend { get; init; }

    public required IKvStore Kv { get; init; }

    public required MemoryBudget Budget { get; init; }

    public required BlockPool Blocks { get; init; }

    public required DeviceWork Work { get; init; }

    public required ModelPool Pool { get; init; }

    public required Routes Routes { get; init; }

    public required ServingLoop Loop { get; init; }

    public required ServingTelemetry Telemetry { get; init; }

    public required EnergyGauge Energy { get; init; }

    public required PointSwitcher Switcher { get; init; }

    public required Profiles Profiles { get; init; }

    public required AdaptationJournal Journal { get; init; }

    public required AdaptationLoop Adaptation { get; init; }

    public required EngineMeter Meter { get; init; }

    public required ServingMetrics Metrics { get; init; }

    /// <summary>Whether traces hold prompts and answers.</summary>
    public required bool CapturesContent { get; init; }

    public required GoalChanges Goals { get; init; }

    /// <summary>Finds an objective by name, and refuses one whose meter is missing.</summary>
    public required Func<string, ISloObjective> ParseObjective { get; init; }

    /// <summary>Refuses limits that are wrong, or whose meter is missing.</summary>
    public required Action<ServiceLimits> CheckLimits { get; init; }

    public required RequestDoor Door { get; init; }

    public required LayerwiseScorer Scorer { get; init; }

    public required SequenceScorer Scores { get; init; }

    public required OfflineProfiling Profiling { get; init; }

    public required Certifier Certifier { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>Whether it takes no more requests.</summary>
    public bool Ending => ending;

    /// <summary>Whether nothing runs any more, for whatever reason.</summary>
    public bool DeviceEnded => deviceEnded.Task.IsCompleted;

    public void Start()
    {
        Energy.Start();
        device.Start();
        adapting = Task.Run(AdaptAsync);
    }

    /// <summary>Drain or abort the device thread, end the adaptation loop, then free from the top down.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        ending = true;
        Loop.Drain();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Serving.DrainTimeout);
        await Task.WhenAny(deviceEnded.Task, Task.Delay(Timeout.Infinite, timeout.Token)).ConfigureAwait(false);
        if (cancellationToken.IsCancellationRequested && !DeviceEnded) LogCutShort(Logger, Serving.DrainTimeout);
        Loop.Abort();
        await stopping.CancelAsync().ConfigureAwait(false);
        await deviceEnded.Task.ConfigureAwait(false);
        await adapting.ConfigureAwait(false);

        await Scorer.CloseAsync().ConfigureAwait(false);
        Switcher.Dispose();
        await Pool.CloseAsync().ConfigureAwait(false);
        Dispose();
    }

    /// <summary>Frees what lies below the pool; nothing may run any more.</summary>
    public void Dispose()
    {
        Meter.Dispose();
        Energy.Dispose();
        Scorer.Dispose();
        Blocks.Dispose();
        Kv.Dispose();
        Backend.Dispose();
        stopping.Dispose();
    }

    public EngineSnapshot Snapshot() => new()
    {
        Serving = Routes.Current?.Serving.Point,
        IsDegraded = Adaptation.Degraded,
        Steps = Loop.Steps,
        CompletedRequests = Telemetry.Completed,
        RunningSequences = Loop.Sequences.Running,
        Preemptions = Loop.Sequences.Preemptions,
        PeakBatch = Telemetry.PeakRows,
        KvSlabBytes = Blocks.SlabBytes,
        KvUsedBytes = Blocks.UsedBytes,
        KvCachedBytes = Blocks.CachedBytes,
        PromptTokens = Loop.Prompts.PromptTokens,
        PrefixHitTokens = Loop.Prompts.HitTokens,
        KvPeakBytes = Blocks.PeakBytes,
        RequestBytes = Loop.Sequences.HostBytes,
        ScoringShare = Work.Share,
        DraftedTokens = Routes.Current?.Serving.Drafts?.Drafted ?? 0,
        AcceptedTokens = Routes.Current?.Serving.Drafts?.Accepted ?? 0,
        Energy = Energy.Sample(),
        EnergySource = Energy.Source,
        EnergyIsEstimate = Energy.IsEstimate,
        Profiles = Profiles.Latest,
    };

    private void RunDevice()
    {
        try
        {
            Loop.Run();
        }
        catch (Exception error)
        {
            LogDeviceEnded(Logger, error);
        }
        finally
        {
            deviceEnded.SetResult();
        }
    }

    private async Task AdaptAsync()
    {
        // Its decisions are no part of whatever was being traced when the engine was started.
        Activity.Current = null;
        try
        {
            await Adaptation.RunAsync(stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ending)
        {
            // The engine stops.
        }
        catch (Exception error)
        {
            // What serves goes on serving; when nothing does, waiting requests learn why.
            if (Routes.Current is not null)
            {
                LogAdaptationEnded(Logger, error);
                return;
            }

            // Where the engine has ended before anything served, no load can succeed: that is no failure.
            if (!ending) LogNothingServes(Logger, error.Message, error);
            Loop.Refuse(error as HeliosException ?? new HeliosException(error.Message, error));
        }
    }

    [LoggerMessage(10, LogLevel.Critical, "The device thread ended")]
    private static partial void LogDeviceEnded(ILogger logger, Exception error);

    [LoggerMessage(11, LogLevel.Error, "The adaptation loop ended; what serves goes on serving")]
    private static partial void LogAdaptationEnded(ILogger logger, Exception error);

    [LoggerMessage(13, LogLevel.Error, "No model can serve, and all requests are refused: {Reason}")]
    private static partial void LogNothingServes(ILogger logger, string reason, Exception error);

    [LoggerMessage(14, LogLevel.Warning, "The time to stop is over before Serving.DrainTimeout ({DrainTimeout}): live requests are aborted now, and a server that stops at the same time does not deliver that. HostOptions.ShutdownTimeout should be the longer one")]
    private static partial void LogCutShort(ILogger logger, TimeSpan drainTimeout);
}
