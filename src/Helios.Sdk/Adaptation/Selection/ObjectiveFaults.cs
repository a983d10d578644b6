using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Loading;

namespace Helios.Sdk.Adaptation.Selection;

/// <summary>
/// What an objective of the host's own code got wrong: it is published and logged, and the objective is left alone for a while,
/// longer with each failure. Thread-safe.
/// </summary>
/// <param name="journal">Where it is published.</param>
/// <param name="time">Clock.</param>
internal sealed class ObjectiveFaults(AdaptationJournal journal, TimeProvider time)
{
    private readonly LoadBackoff failures = new(time);

    /// <summary>Why an objective is left alone now; null when it is not.</summary>
    /// <param name="objective">Its name.</param>
    public string? Because(string objective) =>
        failures.Check(objective) is { } wait ? Invariant($"{wait.Reason}; it is called again in {wait.RetryAfter.TotalSeconds:0.#} s") : null;

    /// <summary>An objective threw.</summary>
    /// <returns>Which, and what, in words.</returns>
    public string Failed(string objective, Exception error)
    {
        var reason = $"objective '{objective}' threw {error.GetType().Name}: {error.Message}";
        journal.ObjectiveFailed(objective, error, reason, failures.Failed(objective, reason));
        return reason;
    }

    /// <summary>An objective scored every point: what it got wrong before is forgotten.</summary>
    public void Succeeded(string objective) => failures.Succeeded(objective);
}
