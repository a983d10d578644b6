using Helios.Peers.Measuring;
using LLama;
using LLama.Abstractions;
using LLama.Common;
using LLama.Native;

namespace Helios.Peers.LlamaSharp;

/// <summary>llama.cpp as the NuGet packages LLamaSharp and LLamaSharp.Backend.Cpu bring it, driven as an app on LLamaSharp drives it.</summary>
internal sealed class LlamaSharpPeer(int threads) : IPeer
{
    // The assembly does not know its version; the commit is the one that LLamaSharp's README names for it.
    private const string Version = "0.30.0";
    private const string Release = "815a2a59";

    public PeerBuild Build { get; } = new("LLamaSharp.Backend.Cpu", Version, Release, FindKernels());

    public IPeerModel Load(string path, int vocabulary) => new LlamaSharpModel(path, threads, vocabulary);

    public void Dispose()
    {
        // The library stays loaded until the process ends.
    }

    private static string FindKernels()
    {
        NativeLibraryConfig.All.WithLogCallback((level, message) =>
        {
            if (level == LLamaLogLevel.Error) Console.Error.Write(message);
        });
        if (!NativeLibraryConfig.All.DryRun(out var library, out _) || library is null) throw new PeerException("LLamaSharp finds no library of llama.cpp for this machine.");
        return library.Metadata?.AvxLevel.ToString() ?? "this machine";
    }
}

/// <summary>A GGUF model, read rather than mapped, as the other peer reads it.</summary>
internal sealed class LlamaSharpModel(string path, int threads, int vocabulary) : IPeerModel
{
    // OpenMP's threads poll for some milliseconds after a step before they sleep, and say nothing when they do.
    private static readonly TimeSpan Polling = TimeSpan.FromMilliseconds(5);

    private readonly ManualResetEventSlim never = new();
    private readonly LLamaWeights weights = LLamaWeights.LoadFromFile(new ModelParams(path) { LoadMode = LLamaLoadMode.None, GpuLayerCount = 0 });

    public long Bytes => (long)weights.SizeInBytes;

    public int Vocabulary => vocabulary;

    public IPeerSession Open(Workload workload, bool flashAttention) => new LlamaSharpSession(this, workload, flashAttention);

    public void Rest() => never.Wait(Polling);

    public LLamaContext CreateContext(Workload workload, int rows, int microBatch, bool flashAttention) => weights.CreateContext(new ModelParams(path)
    {
        ContextSize = (uint)(workload.Sequences * workload.Capacity),
        BatchSize = (uint)rows,
        UBatchSize = (uint)microBatch,
        SeqMax = (uint)workload.Sequences,
        Threads = threads,
        BatchThreads = threads,
        FlashAttention = flashAttention,
        KVUnified = false,
    });

    public void Dispose()
    {
        weights.Dispose();
        never.Dispose();
    }
}
