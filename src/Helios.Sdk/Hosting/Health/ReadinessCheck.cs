using Helios.Sdk.Models;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Helios.Sdk.Hosting.Health;

/// <summary>Whether a model serves, and as it should.</summary>
internal sealed class ReadinessCheck(HeliosEngine engine) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = Describe();
        var failure = engine switch
        {
            { Parts.Serving.Ending: true } => "The engine is stopping and accepts no more requests.",
            { Parts.Serving.HasEnded: true } => "The serving loop has failed; the log says why.",
            { Ready: { IsFaulted: true, Exception: var error } } => $"No model can serve: {error.GetBaseException().Message}",
            { Snapshot.Serving: null } => "No model serves yet; the first is being loaded.",
            _ => null,
        };
        if (failure is not null) return Task.FromResult(new HealthCheckResult(context.Registration.FailureStatus, failure, data: data));
        return Task.FromResult(WhyDegraded() is { } because
            ? HealthCheckResult.Degraded(because, data: data)
            : HealthCheckResult.Healthy($"{data["point"]} serves.", data));
    }

    private string? WhyDegraded()
    {
        foreach (var entry in engine.Parts.Device.Pool.Entries)
        {
            var model = entry.Info.Name;
            if (entry.StaleBecause is { } stale) return $"'{model}' is stale: {stale}";
            if (engine.Parts.Device.Pool.BackingOff(model) is { } wait)
                return Invariant($"'{model}' could not be loaded, and is not tried again for {wait.RetryAfter.TotalSeconds:0.#} s: {wait.Reason}");
        }

        return engine.Parts.Adaptation.Loop.Degraded ? "No operating point satisfies every limit; the one that promises the best quality of those that can be loaded is active." : null;
    }

    private Dictionary<string, object> Describe()
    {
        var pool = engine.Pool.Snapshot;
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["waiting"] = engine.Parts.Serving.Loop.Queue.Waiting,
            ["running"] = engine.Parts.Serving.Loop.Sequences.Running,
            ["memoryUsedBytes"] = pool.UsedBytes,
            ["memoryBudgetBytes"] = pool.BudgetBytes,
        };
        if (engine.Parts.Device.Routes.Current?.Serving.Point is not { } point) return data;
        data["point"] = point.ToString();
        data["model"] = point.Target.Model;
        data["depth"] = point.Target.Depth;
        return data;
    }
}
