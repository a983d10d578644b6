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
    /// Adds two checks of an engine: <c>helios-live</c>, tagged <c>live</c> (the serving loop gets its steps done), and
    /// <c>helios-ready</c>, tagged <c>ready</c> (a model serves; degraded while a model cannot be loaded, or no operating point
    /// keeps every limit).
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="engine">Name of a keyed engine, which the names of the checks then contain (<c>helios-chat-live</c>); null for the one without a name.</param>
    /// <param name="stallAfter">Time after which a step counts as stalled; null for a minute.</param>
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
