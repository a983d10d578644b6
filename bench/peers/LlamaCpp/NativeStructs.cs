using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Helios.Peers.LlamaCpp;

/// <content>Structs passed by value: every field stands for its place, used or not. A C bool is a byte.</content>
internal static unsafe partial class Native
{
    /// <summary><c>ggml_threadpool_params</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ThreadPoolParams
    {
        public CpuMask Mask;
        public int Threads;
        public int Priority;
        public uint Poll;
        public byte StrictCpu;
        public byte Paused;
    }

    [InlineArray(512)]
    public struct CpuMask
    {
        private byte first;
    }

    /// <summary><c>llama_model_params</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ModelParams
    {
        public nint Devices;
        public nint TensorBufferOverrides;
        public int GpuLayers;
        public int SplitMode;
        public int LoadMode;
        public int LazyMode;
        public int MainGpu;
        public nint TensorSplit;
        public nint ProgressCallback;
        public nint ProgressCallbackData;
        public nint KeyValueOverrides;
        public byte VocabularyOnly;
        public byte CheckTensors;
        public byte UseExtraBuffers;
        public byte NoHost;
        public byte NoAllocation;
        public byte LoadMtp;
    }

    /// <summary><c>llama_context_params</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ContextParams
    {
        public uint Context;
        public uint Batch;
        public uint MicroBatch;
        public uint MaxSequences;
        public uint RecurrentSnapshots;
        public uint MaxOutputs;
        public uint MaxOutputsPerSequence;
        public int Threads;
        public int ThreadsBatch;
        public int ContextType;
        public int RopeScaling;
        public int Pooling;
        public int Attention;
        public int FlashAttention;
        public float RopeBase;
        public float RopeScale;
        public float YarnExtension;
        public float YarnAttention;
        public float YarnBetaFast;
        public float YarnBetaSlow;
        public uint YarnOriginalContext;
        public float DefragmentationThreshold;
        public nint EvalCallback;
        public nint EvalCallbackData;
        public int KeyType;
        public int ValueType;
        public nint AbortCallback;
        public nint AbortCallbackData;
        public byte Embeddings;
        public byte OffloadKqv;
        public byte NoPerformanceTimers;
        public byte OffloadOperations;
        public byte SlidingWindowFull;
        public byte UnifiedKv;
        public nint Samplers;
        public nuint SamplerCount;
        public nint OtherContext;
    }

    /// <summary><c>llama_batch</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Batch
    {
        public int Count;
        public int* Tokens;
        public float* Embeddings;
        public int* Positions;
        public int* SequenceCounts;
        public int** Sequences;
        public byte* Logits;
    }
}
