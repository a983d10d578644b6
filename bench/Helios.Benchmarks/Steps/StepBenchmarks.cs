using BenchmarkDotNet.Attributes;
using Helios.Cli.Benching;
using Helios.Sdk;

namespace Helios.Benchmarks.Steps;

/// <summary>Whole steps of the backend: one token for each sequence, and a prompt.</summary>
[MemoryDiagnoser]
public class StepBenchmarks
{
    private const int Context = 64;
    private const int Prompt = 512;

    private LoadedRig rig = null!;

    /// <summary>How weights are held.</summary>
    [ParamsSource(nameof(Precisions))]
    public Precision Precision { get; set; }

    /// <summary>Every precision that is named by itself.</summary>
    public static IEnumerable<Precision> Precisions => Enum.GetValues<Precision>().Where(precision => precision != Precision.Auto);

    [GlobalSetup]
    public void SetUp() => rig = LoadedRig.Load(ModelShape.Example, Precision, new DecodePlan([32], [12], Context, Prompt, null, 1, 1));

    [GlobalCleanup]
    public void CleanUp() => rig.Dispose();

    [Benchmark]
    public void Decode1() => rig.Rig.Step(1);

    [Benchmark]
    public void Decode8() => rig.Rig.Step(8);

    [Benchmark]
    public void Decode32() => rig.Rig.Step(32);

    [Benchmark]
    public void Prefill512() => rig.Rig.Prefill(Prompt);
}

/// <summary>
/// A layer that is hardly more than attention: next to no feed-forward part and vocabulary. A context of 0 shows what the
/// rest of it takes.
/// </summary>
public class AttentionBenchmarks
{
    private LoadedRig rig = null!;

    /// <summary>Tokens in KV.</summary>
    [Params(0, 64, 512, 2048)]
    public int Context { get; set; }

    [GlobalSetup]
    public void SetUp() => rig = LoadedRig.Load(
        "llama:layers=1,hidden=768,heads=12,kv=4,ffn=16,vocab=16", Precision.Bf16, new DecodePlan([32], [1], Context, 0, null, 1, 1));

    [GlobalCleanup]
    public void CleanUp() => rig.Dispose();

    [Benchmark]
    public void Attend1() => rig.Rig.Step(1);

    [Benchmark]
    public void Attend32() => rig.Rig.Step(32);
}

/// <summary>Bandwidth that there is: half a gibibyte read from start to end.</summary>
public class StreamBenchmarks
{
    private StreamProbe probe = null!;

    /// <summary>Threads that read.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void SetUp() => probe = new StreamProbe(Threads, TimeProvider.System);

    [GlobalCleanup]
    public void CleanUp() => probe.Dispose();

    [Benchmark]
    public double Read() => probe.Measure();
}
