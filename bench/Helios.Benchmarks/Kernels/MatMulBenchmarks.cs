using BenchmarkDotNet.Attributes;
using Helios.Benchmarks.Steps;
using Helios.Cli.Benching;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Cpu;
using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Loading;
using Helios.Sdk.Cpu.Model;
using Helios.Sdk.Cpu.Threading;

namespace Helios.Benchmarks.Kernels;

/// <summary>Products of a matrix too large for the caches, <c>[2 x 16384, 2048]</c>, with columns of activations on all threads.</summary>
public class MatMulBenchmarks
{
    private const int Hidden = 2048;
    private const int Outputs = 2 * 16_384;
    private const int MostColumns = 512;

    private static readonly int Stride = QuantisedRow.Room(Hidden);

    private CpuBackend backend = null!;
    private WorkerPool pool = null!;
    private MatMulWork product = null!;
    private CpuLayerWeights layer = null!;
    private Buffer pristine = null!;
    private Buffer x = null!;
    private Buffer y = null!;

    /// <summary>How weights are held.</summary>
    [ParamsSource(nameof(Precisions))]
    public Precision Precision { get; set; }

    /// <summary>Columns of activations.</summary>
    [Params(1, 8, 32, 512)]
    public int Columns { get; set; }

    public static IEnumerable<Precision> Precisions => StepBenchmarks.Precisions;

    [GlobalSetup]
    public void SetUp()
    {
        using var checkpoint = new RandomCheckpoint(ModelShape.Parse($"llama:layers=1,hidden={Hidden},heads=16,kv=2,ffn={Outputs / 2},vocab=16"));
        backend = new CpuBackend();
        var bytes = new MemoryBudget(long.MaxValue).TryReserve(backend.Loader.Measure(checkpoint, Precision).LayerBytes[0])!;
        layer = (CpuLayerWeights)backend.Loader.LoadLayerAsync(checkpoint, 0, Precision, bytes, default).AsTask().GetAwaiter().GetResult();
        pool = new WorkerPool(Environment.ProcessorCount);
        product = new MatMulWork(CpuKernels.For(null), pool);
        pristine = new Buffer(MostColumns * Stride);
        x = new Buffer(MostColumns * Stride);
        y = new Buffer(MostColumns * Outputs);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        pristine.Dispose();
        x.Dispose();
        y.Dispose();
        layer.Dispose();
        pool.Dispose();
        backend.Dispose();
    }

    /// <summary>The copy, some per cent of the whole at most, is there because a quantised product spends its input.</summary>
    [Benchmark]
    public unsafe void GateAndUp()
    {
        new Span<float>(pristine.Pointer, Columns * Stride).CopyTo(new Span<float>(x.Pointer, Columns * Stride));
        product.Run(layer.Networks[0].GateUp.Weight, x.Pointer, Stride, y.Pointer, Outputs, Columns);
    }
}
