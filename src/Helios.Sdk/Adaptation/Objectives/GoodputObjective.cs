namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>
/// <c>goodput:ttft=500ms,tpot=50ms</c>: most tokens per second of requests that get their first token and each further one
/// in time. That is the throughput of the largest batch that keeps both limits; no more sequences run together than that.
/// </summary>
/// <param name="name">What configuration calls it, its limits included.</param>
/// <param name="ttft">Longest time to the first token of a request that finds a place in the batch.</param>
/// <param name="tpot">Longest time for each further token.</param>
internal sealed class GoodputObjective(string name, TimeSpan ttft, TimeSpan tpot) : ISloObjective
{
    public string Name => name;

    public ObjectiveScore Score(PointProfile profile)
    {
        if (profile.Batches.IsDefaultOrEmpty) return ObjectiveScore.Infeasible("its step times are not known");
        var least = profile.Batches[0];
        if (!(least.TpotMs <= tpot.TotalMilliseconds)) return ObjectiveScore.Infeasible(Invariant($"time per output token {least.TpotMs:0.##} ms is over {tpot.TotalMilliseconds:0.##} ms even with one sequence"));
        if (!(least.TtftMs <= ttft.TotalMilliseconds)) return ObjectiveScore.Infeasible(Invariant($"time to first token {least.TtftMs:0.#} ms is over {ttft.TotalMilliseconds:0.#} ms even with one sequence"));

        var kept = BatchTimings.At(profile.Batches, LargestBatch(profile));
        return new ObjectiveScore(
            kept.Throughput,
            [new("goodput", kept.Throughput, "tok/s"), new("batch", kept.Batch, "sequences"), new("tpot", kept.TpotMs, "ms"), new("ttft", kept.TtftMs, "ms")])
        {
            Batch = kept.Batch,
        };
    }

    /// <summary>Times rise with the batch, and are known at 1, 2, 4, ...; in between they are taken to be linear.</summary>
    private int LargestBatch(PointProfile profile)
    {
        var batches = profile.Batches;
        for (var i = 1; i < batches.Length; i++)
        {
            if (Keeps(batches[i])) continue;
            var batch = batches[i - 1].Batch;
            while (batch + 1 < batches[i].Batch && Keeps(BatchTimings.At(batches, batch + 1))) batch++;
            return batch;
        }

        return batches[^1].Batch;
    }

    private bool Keeps(in BatchTiming timing) => timing.TpotMs <= tpot.TotalMilliseconds && timing.TtftMs <= ttft.TotalMilliseconds;
}
