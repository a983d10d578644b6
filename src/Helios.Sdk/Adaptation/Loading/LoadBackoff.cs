using Helios.Sdk.Models;

namespace Helios.Sdk.Adaptation.Loading;

/// <summary>
/// Leaves a model alone after its load failed: 1 second, then twice as long after each further failure, at most 5 minutes.
/// Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class LoadBackoff(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Failure> failures = new(StringComparer.Ordinal);

    /// <summary>What keeps a model from being loaded now; null when nothing does.</summary>
    /// <param name="model">Its name.</param>
    public AcquireResult.BackingOff? Check(string model)
    {
        lock (gate)
        {
            if (!failures.TryGetValue(model, out var failure)) return null;
            var left = failure.Delay - time.GetElapsedTime(failure.FailedAt);
            return left > TimeSpan.Zero ? new AcquireResult.BackingOff(left, failure.Reason) : null;
        }
    }

    /// <summary>Notes a failed load.</summary>
    /// <param name="model">Its name.</param>
    /// <param name="reason">Why it failed.</param>
    /// <returns>How long the model is left alone.</returns>
    public TimeSpan Failed(string model, string reason)
    {
        lock (gate)
        {
            var delay = failures.TryGetValue(model, out var former) ? former.Delay * 2 : First;
            if (delay > Longest) delay = Longest;
            failures[model] = new Failure(time.GetTimestamp(), delay, reason);
            return delay;
        }
    }

    /// <summary>Notes a load that succeeded: its failures are forgotten.</summary>
    /// <param name="model">Its name.</param>
    public void Succeeded(string model)
    {
        lock (gate) failures.Remove(model);
    }

    private readonly record struct Failure(long FailedAt, TimeSpan Delay, string Reason);
}
