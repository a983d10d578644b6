namespace Helios.Sdk.Backends;

/// <summary>Keeps reservations equal to a backend's allocations, to the byte. Thread-safe.</summary>
public static class Reservations
{
    /// <summary>Takes a reservation over: too small a one is disposed and refused, bytes beyond the need are returned.</summary>
    /// <param name="reservation">Taken over.</param>
    /// <param name="bytes">Bytes that are needed.</param>
    /// <returns>The reservation, with exactly this number of bytes.</returns>
    /// <exception cref="ArgumentException">It holds fewer.</exception>
    public static MemoryReservation Fit(MemoryReservation reservation, long bytes)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        var surplus = reservation.Bytes - bytes;
        if (surplus < 0)
        {
            var held = reservation.Bytes;
            reservation.Dispose();
            throw new ArgumentException(Invariant($"The reservation holds {held} bytes, {bytes} are needed."), nameof(reservation));
        }

        if (surplus > 0) reservation.Split(surplus).Dispose();
        return reservation;
    }

    /// <summary>
    /// Loads on the thread pool: reading takes as long as the disk does. The task always runs, since the reservation is its to dispose when
    /// loading fails.
    /// </summary>
    /// <typeparam name="T">What is loaded; it owns the reservation.</typeparam>
    /// <param name="reservation">Disposed when loading fails.</param>
    /// <param name="load">Reads and allocates.</param>
    public static Task<T> Load<T>(MemoryReservation reservation, Func<T> load)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        return Task.Run(() =>
        {
            try
            {
                return load();
            }
            catch
            {
                reservation.Dispose();
                throw;
            }
        });
    }
}
