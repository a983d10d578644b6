using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Helios.Sdk.Hosting.Health;

/// <summary>Whether the serving loop gets its steps done; one that has nothing to do is well.</summary>
internal sealed class LivenessCheck(HeliosEngine engine, TimeSpan stallAfter) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var loop = engine.Parts.Serving.Loop;
        var turn = loop.Turn.Running;
        var data = new Dictionary<string, object>(StringComparer.Ordinal) { ["steps"] = loop.State.Steps, ["turnSeconds"] = turn.TotalSeconds };
        var failure = engine.Parts.Serving switch
        {
            { HasEnded: true, Ending: true } => "The engine has stopped.",
            { HasEnded: true } => "The serving loop has failed; the log says why.",
            _ when turn > stallAfter => Invariant($"The serving loop stalls: its present step has taken {turn.TotalSeconds:0.#} s."),
            _ => null,
        };
        return Task.FromResult(failure is null
            ? HealthCheckResult.Healthy("The serving loop completes its steps.", data)
            : new HealthCheckResult(context.Registration.FailureStatus, failure, data: data));
    }
}
