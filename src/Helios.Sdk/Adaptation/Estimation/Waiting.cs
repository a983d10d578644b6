namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>
/// How long requests wait for a place in the batch: a queue with as many servers as the batch has places, arrivals and service
/// times at random (M/M/c, Erlang's C). Answers of more even lengths wait less. Pure.
/// </summary>
internal static class Waiting
{
    /// <summary>How far ahead a queue that only grows is predicted, and the longest wait of one that does not.</summary>
    public const double HorizonSeconds = 60;

    /// <summary>Seconds that all but a share of requests do not pass.</summary>
    /// <param name="places">Places, at least 1.</param>
    /// <param name="load">Places that arrivals would keep busy, on average; as many as there are, or more, and the queue grows.</param>
    /// <param name="serviceSeconds">Mean time that a request keeps its place.</param>
    /// <param name="share">Share of requests that wait longer, 0..1.</param>
    public static double Quantile(int places, double load, double serviceSeconds, double share)
    {
        if (load >= places) return HorizonSeconds * load / places;
        var waits = WaitProbability(places, load);
        if (waits <= share) return 0;
        return Math.Min(HorizonSeconds, serviceSeconds / (places - load) * Math.Log(waits / share));
    }

    /// <summary>Erlang's C: the share of requests that find no place free.</summary>
    private static double WaitProbability(int places, double load)
    {
        var blocked = 1.0;
        for (var k = 1; k <= places; k++) blocked = load * blocked / (k + load * blocked);
        var utilisation = load / places;
        return blocked / (1 - utilisation * (1 - blocked));
    }
}
