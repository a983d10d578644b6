using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Helios.Peers.Measuring;

namespace Helios.Peers.LlamaCpp;

/// <summary>llama.cpp in this process, with one thread pool that all its contexts share.</summary>
internal sealed unsafe class LlamaLibrary : IPeer
{
    private const int ErrorLevel = 4;
    private static string lastError = "it said nothing";

    public LlamaLibrary(string folder, int threads)
    {
        Native.Load(folder);
        Native.llama_log_set(&Log, null);
        Build = new PeerBuild(LlamaPackage.Name, LlamaPackage.Version, LlamaPackage.Release, Native.LoadKernels(folder));
        Threads = threads;
        Native.llama_backend_init();
        var parameters = default(Native.ThreadPoolParams);
        Native.ggml_threadpool_params_init(&parameters, threads);
        Pool = Native.ggml_threadpool_new(&parameters);
        if (Pool == 0) throw Failure("starts no thread pool");
    }

    public PeerBuild Build { get; }

    public int Threads { get; }

    public nint Pool { get; }

    /// <summary>An exception with the last error that llama.cpp logged.</summary>
    public static PeerException Failure(string what) => new($"llama.cpp {what}: {lastError}.");

    public IPeerModel Load(string path, int vocabulary) => new LlamaModel(this, path, vocabulary);

    public void Dispose() => Native.ggml_threadpool_free(Pool);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Log(int level, byte* text, void* data)
    {
        if (level == ErrorLevel) lastError = Marshal.PtrToStringUTF8((nint)text)?.Trim() ?? lastError;
    }
}
