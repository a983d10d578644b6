using Helios.Sdk;
using Helios.Sdk.Hosting.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds health checks of engines.</summary>
public static class HeliosHealthChecksBuilderExtensions
{
    /// <summary>Longest step by default. Steps take milliseconds; those of large models on a busy machine, seconds.</summary>
    private static readonly TimeSpan DefaultStall = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Adds two checks of an engine: <c>helios-live</c>, tagged <c>live</c> (the serving loop completes its steps), and
    /// <c>helios-ready</c>, tagged <c>ready</c> (a model is loaded; degraded if a model cannot be loaded, or no operating point
    /// satisfies every limit).
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="engine">Name of a keyed engine, which becomes part of the checks' names (<c>helios-chat-live</c>); null for the engine without a name.</param>
    /// <param name="stallAfter">Time after which a step counts as stalled; null means a minute.</param>
    public static IHealthChecksBuilder AddHelios(this IHealthChecksBuilder builder, string? engine = null, TimeSpan? stallAfter = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var stall = stallAfter ?? DefaultStall;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(stall, TimeSpan.Zero, nameof(stallAfter));
        var prefix = engine is null ? "helios" : $"helios-{engine}";
        return builder
            .Add(new HealthCheckRegistration($"{prefix}-live", provider => new LivenessCheck(Find(provider, engine), stall), failureStatus: null, ["helios", "live"]))
            .Add(new HealthCheckRegistration($"{prefix}-ready", provider => new ReadinessCheck(Find(provider, engine)), failureStatus: null, ["helios", "ready"]));
    }

    private static HeliosEngine Find(IServiceProvider provider, string? engine) => engine is null
        ? provider.GetRequiredService<HeliosEngine>()
        : provider.GetRequiredKeyedService<HeliosEngine>(engine);
}
