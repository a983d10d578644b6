using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Helios.Sdk.Hosting.DependencyInjection;

/// <summary>
/// Starts every engine with the application: checkpoints are opened at once, so that what is wrong with them ends the start;
/// models load in the background. At shutdown all engines drain side by side, from before any service stops: a server waits for its
/// open requests when it stops, and those end, or are aborted, only because the engines drain meanwhile.
/// </summary>
internal sealed class HeliosHostedService(
    IEnumerable<EngineRegistration> registrations,
    IServiceProvider provider,
    IOptionsMonitor<HeliosOptions> options,
    ILoggerFactory? logging = null) : IHostedLifecycleService, IDisposable
{
    private readonly List<HeliosEngine> engines = [];
    private readonly List<OptionsFollower> followers = [];
    private Task? drained;

    /// <summary>What brings the engines to follow their options.</summary>
    internal IReadOnlyList<OptionsFollower> Followers => followers;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var registration in registrations)
        {
            var engine = registration.Of(provider);
            engines.Add(engine);
            followers.Add(new OptionsFollower(engine, registration, options, HeliosTelemetry.LoggerOf(logging ?? NullLoggerFactory.Instance, registration.Name)));
        }

        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _ = DrainAsync(cancellationToken);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => DrainAsync(cancellationToken);

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var follower in followers) follower.Dispose();
    }

    /// <summary>The first call begins; all wait for that.</summary>
    private Task DrainAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return drained ??= Task.WhenAll(engines.Select(engine => engine.StopAsync(cancellationToken)));
    }
}
