using BenchmarkDotNet.Attributes;
using Helios.Sdk.Cpu.Kernels;

namespace Helios.Benchmarks.Kernels;

/// <summary>Kernels that go over one row, on one thread: a hidden state of 768, and logits of a vocabulary of 32,000.</summary>
public unsafe class RowBenchmarks
{
    private const int Hidden = 768;
    private const int Vocabulary = 32_000;

    private readonly CpuKernels kernels = CpuKernels.For(null);
    private Buffer state = null!;
    private Buffer weights = null!;
    private Buffer normed = null!;
    private Buffer logits = null!;
    private Buffer exponentials = null!;

    [GlobalSetup]
    public void SetUp()
    {
        (state, weights, normed) = (new Buffer(Hidden), new Buffer(Hidden), new Buffer(Hidden));
        (logits, exponentials) = (new Buffer(Vocabulary), new Buffer(Vocabulary));
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        foreach (var buffer in (Buffer[])[state, weights, normed, logits, exponentials]) buffer.Dispose();
    }

    [Benchmark]
    public void RmsNorm() => kernels.RmsNorm(state.Pointer, weights.Pointer, normed.Pointer, Hidden, Hidden, 1e-5f);

    [Benchmark]
    public void Exp() => kernels.Exp(logits.Pointer, exponentials.Pointer, Vocabulary);

    /// <summary>What greedy decoding makes of a row of logits: the top token and its probability.</summary>
    [Benchmark]
    public int HeadReduction() => kernels.Summarise(logits.Pointer, Vocabulary, Vocabulary, weighted: false).TopId;

    /// <summary>The same with what entropy needs.</summary>
    [Benchmark]
    public int HeadReductionWithEntropy() => kernels.Summarise(logits.Pointer, Vocabulary, Vocabulary, weighted: true).TopId;
}
