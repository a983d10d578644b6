namespace Helios.Sdk.Adaptation.Loading;

/// <summary>Brings operating points up and puts them into service. Belongs to the adaptation loop.</summary>
internal interface IPointSwitcher
{
    /// <summary>The active point; null before the first.</summary>
    OperatingPoint? Present { get; }

    /// <summary>Bytes per second of the last load; a guess before the first.</summary>
    double LoadBytesPerSecond { get; }

    /// <summary>
    /// Loads a point and publishes it: new requests go to it from the next step on, and the guard starts from nothing. Where it
    /// cannot be had, the active point goes on serving.
    /// </summary>
    /// <param name="point">The point.</param>
    /// <param name="maxBatch">Most sequences that may run together there; null when as many as fit may.</param>
    /// <param name="cancellationToken">Checked while it loads.</param>
    /// <returns>Why it cannot be had, which the journal says too; null when it serves.</returns>
    Task<string?> ServeAsync(OperatingPoint point, int? maxBatch, CancellationToken cancellationToken);

    /// <summary>The active point goes on, with another limit to the sequences that may run together.</summary>
    void LimitBatch(int? maxBatch);

    /// <summary>Bytes of a target that are not on the device.</summary>
    long BytesToLoad(LoadTarget target);

    /// <summary>Bytes that a target takes with one sequence of a usual length.</summary>
    long BytesWithOneSequence(LoadTarget target);

    /// <summary>Why a target cannot be brought up beside the active point; null when it can.</summary>
    string? Unreachable(LoadTarget target);

    /// <summary>How long a model is left alone after a failed load; null when nothing keeps it from being tried.</summary>
    TimeSpan? RetryAfter(string model) => null;

    /// <summary>The guard has acted, or found nothing to do: it counts from nothing.</summary>
    void RenewBreachWatch();
}
