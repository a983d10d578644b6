namespace Helios.Sdk;

/// <summary>
/// The priority of a request. Requests of a higher priority start first and may preempt running requests of a lower
/// priority, which continue later. No request starves: see <see cref="ServingOptions.PriorityAging"/>.
/// </summary>
public enum RequestPriority
{
    /// <summary>May wait: batch work, evaluations.</summary>
    Low,

    /// <summary>The default.</summary>
    Normal,

    /// <summary>Interactive: a user waits for it.</summary>
    High,
}
