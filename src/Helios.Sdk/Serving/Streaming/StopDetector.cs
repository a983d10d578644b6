namespace Helios.Sdk.Serving.Streaming;

/// <summary>
/// Watches the bytes of one answer for stop strings, whatever tokens they come in. Fed by the serving loop without allocating, in time
/// proportional to the bytes.
/// </summary>
/// <remarks>
/// The answer ends with the first stop string to be complete; of those that are complete at the same byte the longest
/// counts. That makes the end independent of how the bytes were cut into tokens. Not thread-safe.
/// </remarks>
/// <param name="stops">What ends the answer.</param>
internal sealed class StopDetector(StopStrings stops)
{
    private int node = StopStrings.Root;
    private int fed;

    /// <summary>Where the stop string begins that ended the answer, in bytes from the first byte fed; null while there is none.</summary>
    public int? StopAt { get; private set; }

    /// <summary>How many of the last bytes may yet turn out to begin a stop string, and must not be shown.</summary>
    public int HeldBack => StopAt is null ? stops.DepthOf(node) : 0;

    /// <summary>Takes the next bytes of the answer; those behind a complete stop string are ignored.</summary>
    /// <returns>Whether a stop string is complete.</returns>
    public bool Feed(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length && StopAt is null; i++)
        {
            node = stops.Next(node, bytes[i]);
            fed++;
            if (stops.LongestAt(node) is > 0 and var length) StopAt = fed - length;
        }

        return StopAt is not null;
    }
}
