using Helios.Peers.Measuring;

namespace Helios.Peers.LlamaCpp;

/// <summary>A GGUF file in memory: read rather than mapped, and repacked where llama.cpp has kernels for that.</summary>
internal sealed class LlamaModel : IPeerModel
{
    private const int ReadIntoMemory = 0;

    private readonly LlamaLibrary library;
    private readonly nint handle;

    public LlamaModel(LlamaLibrary library, string path, int vocabulary)
    {
        this.library = library;
        var parameters = Native.llama_model_default_params();
        parameters.LoadMode = ReadIntoMemory;
        handle = Native.llama_model_load_from_file(path, parameters);
        if (handle == 0) throw LlamaLibrary.Failure($"does not load {path}");
        Vocabulary = vocabulary;
    }

    public int Vocabulary { get; }

    public long Bytes => (long)Native.llama_model_size(handle);

    public IPeerSession Open(Workload workload, bool flashAttention) => new LlamaSession(library, this, workload, flashAttention);

    public void Rest() => Native.ggml_threadpool_pause(library.Pool);

    public nint CreateContext(Native.ContextParams parameters)
    {
        var context = Native.llama_init_from_model(handle, parameters);
        return context != 0 ? context : throw LlamaLibrary.Failure("creates no context");
    }

    public void Dispose() => Native.llama_model_free(handle);
}
