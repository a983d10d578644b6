using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Hosting.Strategies;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Serving.Scheduling.Orders;
using Helios.Sdk.Serving.Timing;
using Helios.Sdk.Telemetry;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Hosting.Composition;

/// <summary>The serving loop and its thread, and what writes down what it does.</summary>
internal sealed partial class ServingModule
{
    private readonly Thread thread;
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ServingOptions options;
    private readonly ILogger logger;
    private volatile bool ending;

    public ServingModule(HeliosOptions options, EngineContext context, DeviceModule device, EngineMeter meter, ILogger logger)
    {
        this.options = options.Serving;
        this.logger = logger;
        var time = context.Time;
        Telemetry = new ServingTelemetry(options.Adaptation, time);
        Metrics = new ServingMetrics(meter, device.Pool.Entries.Select(entry => entry.Info.Name), time);
        UnusedOrders.Warn(logger, options.Serving.Order, context.Strategies);
        var scheduler = MakeScheduler(options.Serving, context.Strategies, time, logger);
        var observers = new ServingObservers(new ServingObserver(Telemetry), Metrics);
        Loop = new ServingLoop(new ServingParts(options.Serving, scheduler, device.Blocks, device.Work, observers, time) { Sequences = device.Sequences }, device.Routes);
        thread = new Thread(Run) { Name = "helios-device", IsBackground = true };
    }

    public ServingLoop Loop { get; }

    /// <summary>What the loop writes down for the adaptation loop.</summary>
    public ServingTelemetry Telemetry { get; }

    public ServingMetrics Metrics { get; }

    /// <summary>Whether it takes no more requests.</summary>
    public bool Ending => ending;

    /// <summary>Whether nothing runs any more, for whatever reason.</summary>
    public bool HasEnded => ended.Task.IsCompleted;

    public void Start() => thread.Start();

    /// <summary>Lets live requests end, for <see cref="ServingOptions.DrainTimeout"/> at most, and aborts those that are left.</summary>
    /// <param name="cancellationToken">Aborts them at once.</param>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        ending = true;
        Loop.Drain();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.DrainTimeout);
        await Task.WhenAny(ended.Task, Task.Delay(Timeout.Infinite, timeout.Token)).ConfigureAwait(false);
        if (cancellationToken.IsCancellationRequested && !HasEnded) LogCutShort(logger, options.DrainTimeout);
        Loop.Abort();
    }

    /// <summary>Completes when the thread runs nothing any more.</summary>
    public Task EndAsync() => ended.Task;

    /// <summary>What the application brings along may throw, and is then replaced by what is shipped.</summary>
    private static IScheduler MakeScheduler(ServingOptions options, EngineStrategies strategies, TimeProvider time, ILogger logger)
    {
        IScheduler scheduler = strategies.Scheduler?.Invoke() ?? RequestOrders.CreateScheduler(options, time, strategies.RequestOrders);
        if (strategies.Scheduler is null && strategies.RequestOrders.Count == 0) return scheduler;
        return new ContainedScheduler(
            scheduler,
            () => new ContinuousBatchingScheduler(new WaitingRoom(() => new FairOrder(time), time.TimestampAfter(0, options.PriorityAging))),
            error => LogReplaced(logger, strategies.Scheduler is null ? $"the order '{options.Order}'" : $"the scheduler {scheduler.GetType().Name}", error));
    }

    private void Run()
    {
        try
        {
            Loop.Run();
        }
        catch (Exception error)
        {
            LogDeviceEnded(logger, error);
        }
        finally
        {
            ended.SetResult();
        }
    }

    [LoggerMessage(10, LogLevel.Critical, "The device thread ended")]
    private static partial void LogDeviceEnded(ILogger logger, Exception error);

    [LoggerMessage(27, LogLevel.Error, "{Strategy} threw; the default scheduler with the order 'fair' replaces it until the engine stops")]
    private static partial void LogReplaced(ILogger logger, string strategy, Exception error);

    [LoggerMessage(14, LogLevel.Warning, "The host's shutdown time ended before Serving.DrainTimeout ({DrainTimeout}): live requests are aborted now, and a web server that stops at the same time does not deliver their last pieces. Set HostOptions.ShutdownTimeout longer than Serving.DrainTimeout")]
    private static partial void LogCutShort(ILogger logger, TimeSpan drainTimeout);
}
