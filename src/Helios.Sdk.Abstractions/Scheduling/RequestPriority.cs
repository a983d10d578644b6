namespace Helios.Sdk;

/// <summary>
/// How urgent a request is. Those of a higher priority are started first and may take the place of running ones of a lower
/// priority, which go on later. Nobody starves: see <see cref="ServingOptions.PriorityAging"/>.
/// </summary>
public enum RequestPriority
{
    /// <summary>May wait: batch work, evaluations.</summary>
    Low,

    /// <summary>The default.</summary>
    Normal,

    /// <summary>Somebody waits for it.</summary>
    High,
}
