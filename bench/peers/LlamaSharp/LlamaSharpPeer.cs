using Helios.Peers.Measuring;
using LLama;
using LLama.Abstractions;
using LLama.Common;
using LLama.Native;

namespace Helios.Peers.LlamaSharp;

/// <summary>llama.cpp as the NuGet packages LLamaSharp and LLamaSharp.Backend.Cpu bring it, driven as an app on LLamaSharp drives it.</summary>
internal sealed class LlamaSharpPeer(int threads) : IPeer
{
    /// <summary>The commit that LLamaSharp's README names for its version.</summary>
    private const string Release = "815a2a59";

    public PeerBuild Build { get; } = new("LLamaSharp.Backend.Cpu", typeof(LLamaWeights).Assembly.GetName().Version!.ToString(3), Release, FindKernels());

    public IPeerModel Load(string path, int vocabulary) => new LlamaSharpModel(path, threads, vocabulary);

    public void Dispose()
    {
        // The library stays loaded until the process ends.
    }

    private static string FindKernels()
    {
        NativeLibraryConfig.All.WithLogCallback((level, message) =>
        {
            if (level >= LLamaLogLevel.Error) Console.Error.Write(message);
        });
        if (!NativeLibraryConfig.All.DryRun(out var library, out _) || library is null) throw new PeerException("LLamaSharp finds no library of llama.cpp for this machine.");
        return library.Metadata?.AvxLevel.ToString() ?? "this machine";
    }
}

/// <summary>A GGUF model, read rather than mapped, as the other peer reads it.</summary>
internal sealed class LlamaSharpModel(string path, int threads, int vocabulary) : IPeerModel
{
    // OpenMP's threads poll for some milliseconds after a step before they sleep.
    private static readonly TimeSpan Polling = TimeSpan.FromMilliseconds(5);

    private readonly LLamaWeights weights = LLamaWeights.LoadFromFile(new ModelParams(path) { LoadMode = LLamaLoadMode.None, GpuLayerCount = 0 });

    public long Bytes => (long)weights.SizeInBytes;

    public int Vocabulary => vocabulary;

    public IPeerSession Open(Workload workload, bool flashAttention) => new LlamaSharpSession(this, workload, flashAttention);

    public void Rest() => Thread.Sleep(Polling);

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

    public void Dispose() => weights.Dispose();
}
