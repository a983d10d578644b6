using System.Runtime.InteropServices;

namespace Helios.Peers.LlamaCpp;

/// <summary>
/// The part of llama.cpp's C API that is used, as <c>llama.h</c>, <c>ggml-backend.h</c> and <c>ggml-cpu.h</c> of release
/// <see cref="LlamaPackage.Release"/> declare it.
/// </summary>
internal static unsafe partial class Native
{
    private const string Llama = "llama";
    private const string Ggml = "ggml";
    private const string GgmlBase = "ggml-base";
    private const string GgmlCpu = "ggml-cpu";

    private static readonly Dictionary<string, nint> Libraries = new(StringComparer.Ordinal);

    /// <summary>Loads the libraries of a folder.</summary>
    public static void Load(string folder)
    {
        foreach (var name in new[] { GgmlBase, Ggml, Llama })
        {
            var file = Directory.EnumerateFiles(folder, $"lib{name}.*").FirstOrDefault() ?? throw new PeerException($"There is no lib{name} in {folder}.");
            Libraries[name] = NativeLibrary.Load(file);
        }

        NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, (name, _, _) => Libraries.GetValueOrDefault(name));
    }

    /// <summary>Loads the build of the CPU kernels that fits this processor best, and returns its name.</summary>
    public static string LoadKernels(string folder)
    {
        const string Prefix = $"lib{GgmlCpu}-";
        var file = Directory.EnumerateFiles(folder, $"{Prefix}*").MaxBy(Score) ?? throw new PeerException($"There is no {Prefix}* in {folder}.");
        Libraries[GgmlCpu] = NativeLibrary.Load(file);
        if (ggml_backend_load(file) == 0) throw new PeerException($"llama.cpp does not load {file}.");
        return Path.GetFileNameWithoutExtension(file)[Prefix.Length..];
    }

    // The library's own judgement, 0 where the processor lacks something; llama.cpp chooses the same way.
    private static int Score(string variant)
    {
        var library = NativeLibrary.Load(variant);
        return ((delegate* unmanaged<int>)NativeLibrary.GetExport(library, "ggml_backend_score"))();
    }

    [LibraryImport(Ggml, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ggml_backend_load(string path);

    [LibraryImport(GgmlBase)]
    public static partial void ggml_threadpool_params_init(ThreadPoolParams* parameters, int threads);

    [LibraryImport(GgmlCpu)]
    public static partial nint ggml_threadpool_new(ThreadPoolParams* parameters);

    [LibraryImport(GgmlCpu)]
    public static partial void ggml_threadpool_pause(nint pool);

    [LibraryImport(GgmlCpu)]
    public static partial void ggml_threadpool_free(nint pool);

    [LibraryImport(Llama)]
    public static partial void llama_backend_init();

    [LibraryImport(Llama)]
    public static partial void llama_log_set(delegate* unmanaged[Cdecl]<int, byte*, void*, void> callback, void* data);

    [LibraryImport(Llama)]
    public static partial ModelParams llama_model_default_params();

    [LibraryImport(Llama)]
    public static partial ContextParams llama_context_default_params();

    [LibraryImport(Llama, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint llama_model_load_from_file(string path, ModelParams parameters);

    [LibraryImport(Llama)]
    public static partial ulong llama_model_size(nint model);

    [LibraryImport(Llama)]
    public static partial void llama_model_free(nint model);

    [LibraryImport(Llama)]
    public static partial nint llama_init_from_model(nint model, ContextParams parameters);

    [LibraryImport(Llama)]
    public static partial void llama_free(nint context);

    [LibraryImport(Llama)]
    public static partial void llama_attach_threadpool(nint context, nint decode, nint batch);

    [LibraryImport(Llama)]
    public static partial nint llama_get_memory(nint context);

    [LibraryImport(Llama)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool llama_memory_seq_rm(nint memory, int sequence, int from, int to);

    [LibraryImport(Llama)]
    public static partial void llama_memory_seq_cp(nint memory, int source, int target, int from, int to);

    [LibraryImport(Llama)]
    public static partial int llama_decode(nint context, Batch batch);

    [LibraryImport(Llama)]
    public static partial void llama_synchronize(nint context);

    [LibraryImport(Llama)]
    public static partial float* llama_get_logits_ith(nint context, int index);
}
