using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Helios.Sdk.Hosting;

/// <summary>
/// Starts every engine with the application: checkpoints are opened at once, so that what is wrong with them ends the start;
/// models load in the background. At shutdown all engines drain side by side, and abort what is left when the host's time is up.
/// </summary>
internal sealed class HeliosHostedService(
    IEnumerable<EngineRegistration> registrations,
    IServiceProvider provider,
    IOptionsMonitor<HeliosOptions> options,
    ILoggerFactory? logging = null) : IHostedService, IDisposable
{
    private readonly List<HeliosEngine> engines = [];
    private readonly List<OptionsFollower> followers = [];

    /// <summary>What brings the engines to follow their options.</summary>
    internal IReadOnlyList<OptionsFollower> Followers => followers;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var logger = (logging ?? NullLoggerFactory.Instance).CreateLogger<HeliosEngine>();
        foreach (var registration in registrations)
        {
            var engine = registration.Of(provider);
            engines.Add(engine);
            followers.Add(new OptionsFollower(engine, registration, options, logger));
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.WhenAll(engines.Select(engine => engine.StopAsync(cancellationToken)));
    }

    public void Dispose()
    {
        foreach (var follower in followers) follower.Dispose();
    }
}
