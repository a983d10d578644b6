namespace Helios.Sdk.BackendShared;

/// <summary>Keeps what is reserved and what is allocated equal to the byte.</summary>
internal static class Reservations
{
    /// <summary>Takes a reservation over: too small a one is disposed and refused, bytes beyond the need are returned.</summary>
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
