using System.Diagnostics.Metrics;
using Helios.Sdk.Backends;
using Helios.Sdk.Energy;
using Helios.Sdk.Models;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.KvCache;

namespace Helios.Sdk.Telemetry;

/// <summary>What the engine holds and has done so far, as metrics that are read when a collector reads them and cost nothing until then.</summary>
internal static class StateMetrics
{
    /// <summary>Puts the engine's state on its meter.</summary>
    public static void Add(EngineMeter meter, ServingLoop loop, BlockPool blocks, IModelPool pool, IBackend backend, EnergyGauge energy)
    {
        meter.Observe("helios.requests.waiting", () => loop.Queue.Waiting, "{request}", "Requests that wait to be started.");
        meter.Observe("helios.requests.running", () => loop.Sequences.Running, "{request}", "Requests that hold KV.");
        meter.Observe("helios.requests.bytes", () => loop.Sequences.HostBytes, "By", "Host memory of live requests, waiting ones too: ids, text, depths, log probabilities.");
        meter.ObserveEach("helios.kv.bytes", () => KvOf(blocks), "By", "KV by state: used, cached or free, in bytes because block sizes differ by depth.");
        meter.Observe("helios.memory.used", () => pool.Snapshot.UsedBytes, "By", "Memory accounted to the budget: weights, workspaces and KV slabs.");
        meter.Observe("helios.memory.budget", () => pool.Snapshot.BudgetBytes, "By", "The memory budget.");
        meter.ObserveEach("helios.device.memory.free", () => FreeOf(backend), "By", "Free memory according to the device's driver; no value if the driver reports none.");
        meter.ObserveEach("helios.layers.loaded", () => LayersOf(pool), "{layer}", "Layers on the device.");
        meter.ObserveSum("helios.preemptions", () => One(loop.Sequences.Preemptions), "{preemption}", "Preemptions: a request gave up its KV and continued later.");
        meter.ObserveSum("helios.prompt.tokens", () => One(loop.Prompts.PromptTokens), "{token}", "Prompt tokens of requests that were started.");
        meter.ObserveSum("helios.prompt.cached_tokens", () => One(loop.Prompts.HitTokens), "{token}", "Prompt tokens whose KV was found in the cache.");
        meter.ObserveSum("helios.energy", () => JoulesOf(energy), "J", "Energy since the start; no value if it cannot be measured.");
    }

    private static IEnumerable<Measurement<long>> KvOf(BlockPool blocks)
    {
        var (used, cached) = (blocks.UsedBytes, blocks.CachedBytes);
        yield return In("used", used);
        yield return In("cached", cached);
        yield return In("free", Math.Max(0, blocks.SlabBytes - used - cached));

        static Measurement<long> In(string state, long bytes) => new(bytes, KeyValuePair.Create<string, object?>("state", state));
    }

    private static IEnumerable<Measurement<long>> FreeOf(IBackend backend) =>
        backend.FreeBytes is { } bytes ? [new(bytes, KeyValuePair.Create<string, object?>("device", backend.Device.Name))] : [];

    private static IEnumerable<Measurement<int>> LayersOf(IModelPool pool) =>
        pool.Snapshot.Models.Select(model => new Measurement<int>(model.LoadedLayers, KeyValuePair.Create<string, object?>("model", model.Info.Name)));

    private static IEnumerable<Measurement<double>> JoulesOf(EnergyGauge energy) => energy.Sample().Joules is { } joules
        ? [new(joules, KeyValuePair.Create<string, object?>("source", energy.Source), KeyValuePair.Create<string, object?>("estimate", energy.IsEstimate))]
        : [];

    private static IEnumerable<Measurement<long>> One(long value) => [new(value)];
}
