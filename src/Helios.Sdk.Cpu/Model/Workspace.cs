using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Memory;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Model;

/// <summary>
/// Activations of a step, in one piece of native memory. Rows are padded to whole vectors, and have room to become integers
/// in their place. Who writes a row writes zeros into the padding that is read with it.
/// </summary>
internal sealed unsafe class Workspace : IDisposable
{
    /// <summary>Rows whose logits are held at one time: enough to use the head's weights well, few enough to stay small.</summary>
    public const int LogitRows = 16;

    // Bounds on what a long declared context takes before any sequence is that long: splits of one row, and of all rows
    // together. Sequences, or batches, beyond them attend without being split.
    private const int MostSplits = 2048;
    private const int MostSplitStates = 512;

    /// <summary>Most rows of one sequence that attend together.</summary>
    public const int AttentionRows = 8;

    // With fewer items than this for each thread some wait for others; one thread never does.
    private const int ItemsPerThread = 2;

    private readonly NativeBuffer memory;
    private readonly Layout layout;

    public Workspace(AllocationCounter counter, ModelArchitecture architecture, int maxRows, int threads)
    {
        layout = new Layout(architecture, maxRows, threads);
        memory = new NativeBuffer(counter, layout.Bytes);
        System.Runtime.InteropServices.NativeMemory.Clear(memory.Pointer, (nuint)layout.Bytes);
    }

    /// <summary>Elements of a hidden state with padding.</summary>
    public int Hidden => layout.Hidden;

    /// <summary>Elements from one row of <see cref="Projections"/> to the next.</summary>
    public int ProjectionStride => layout.Projection;

    /// <summary>First key element in a row of <see cref="Projections"/>.</summary>
    public int KeyOffset => layout.KeyOffset;

    /// <summary>First value element in a row of <see cref="Projections"/>.</summary>
    public int ValueOffset => layout.ValueOffset;

    /// <summary>Elements from one row of <see cref="GateUp"/> to the next.</summary>
    public int GateUpStride => layout.GateUp;

    /// <summary>First element of up in a row of <see cref="GateUp"/>.</summary>
    public int UpOffset => layout.UpOffset;

    /// <summary>Elements from one row of <see cref="Logits"/> to the next.</summary>
    public int LogitStride => layout.Logit;

    /// <summary>Residual stream <c>[rows of the step][Hidden]</c>; a row keeps its place when others retire.</summary>
    public float* States => At(layout.States);

    /// <summary>Normed states <c>[rows at work][Hidden]</c>.</summary>
    public float* Normed => At(layout.Normed);

    /// <summary>Query, key and value projections <c>[rows at work][ProjectionStride]</c>; attention's results take the query's place.</summary>
    public float* Projections => At(layout.Projections);

    /// <summary>What goes back into the residual stream <c>[rows at work][Hidden]</c>.</summary>
    public float* Outputs => At(layout.Outputs);

    /// <summary>Gate, then up <c>[rows at work][GateUpStride]</c>; the gated product takes the gate's place.</summary>
    public float* GateUp => At(layout.Gates);

    /// <summary>Cosines, then sines, of each row's position <c>[rows of the step][2][headDim / 2]</c>.</summary>
    public float* Rotations => At(layout.Rotations);

    /// <summary>Logits of a tile <c>[LogitRows][LogitStride]</c>.</summary>
    public float* Logits => At(layout.Logits);

    /// <summary>Most splits of a sequence whose states have room.</summary>
    public int Splits => layout.Splits;

    /// <summary>Most rows whose splits can be attended on their own: so few that whole rows would leave threads without work.</summary>
    public int SplitRows => layout.SplitRows;

    /// <summary>Floats of the states of one row's queries, for one key/value head and split.</summary>
    public int SplitRowFloats => layout.SplitRowFloats;

    /// <summary>States of splits <c>[kvHeads][Splits][SplitRows][SplitRowFloats]</c>.</summary>
    public float* SplitStates => At(layout.SplitStates);

    /// <summary>Bytes that a workspace takes.</summary>
    public static long Measure(ModelArchitecture architecture, int maxRows, int threads) => new Layout(architecture, maxRows, threads).Bytes;

    /// <summary>Scratch memory of attention for one thread.</summary>
    public float* AttentionScratch(int worker) => At(layout.AttentionScratch + worker * layout.AttentionScratchBytes);

    /// <summary>Scratch memory of sampling for one thread.</summary>
    public byte* SampleScratch(int worker) => (byte*)At(layout.SampleScratch + worker * layout.SampleScratchBytes);

    /// <summary>Logits of one row that were edited, for one thread <c>[LogitStride]</c>.</summary>
    public float* EditedLogits(int worker) => At(layout.EditedLogits) + (nint)worker * LogitStride;

    public void Dispose() => memory.Dispose();

    private float* At(long offset) => (float*)(memory.Pointer + offset);

    /// <summary>Offsets of everything, computed once, the same way for measuring and for allocating.</summary>
    private sealed class Layout
    {
        public Layout(ModelArchitecture architecture, int maxRows, int threads)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
            Hidden = Stride(QuantisedRow.Room(architecture.HiddenSize));
            KeyOffset = Pad(architecture.QuerySize);
            ValueOffset = KeyOffset + Pad(architecture.KvSize);
            Projection = Stride(Math.Max(ValueOffset + Pad(architecture.KvSize), QuantisedRow.Room(architecture.QuerySize)));
            UpOffset = Pad(architecture.FeedForwardSize);
            GateUp = Stride(Math.Max(2 * UpOffset, QuantisedRow.Room(architecture.FeedForwardSize)));
            Logit = Pad(architecture.VocabularySize);

            States = Take((long)maxRows * Hidden);
            Normed = Take((long)maxRows * Hidden);
            Projections = Take((long)maxRows * Projection);
            Outputs = Take((long)maxRows * Hidden);
            Gates = Take((long)maxRows * GateUp);
            Rotations = Take((long)maxRows * architecture.HeadDim);
            Logits = Take((long)LogitRows * Logit);

            var heads = architecture.Heads / architecture.KvHeads;
            var valueStride = Pad(architecture.HeadDim);
            AttentionScratchBytes = Align(AttentionTask.ScratchFloats(AttentionRows * heads, valueStride) * sizeof(float));
            AttentionScratch = Take(threads * AttentionScratchBytes / sizeof(float));
            Splits = Math.Min(MostSplits, AttentionShape.SplitsOf(architecture.ContextLength));
            SplitRows = Math.Min(Math.Min(maxRows, ItemsPerThread * (threads - 1) / architecture.KvHeads), Math.Max(1, MostSplitStates / Splits));
            SplitRowFloats = heads * AttentionTask.StateFloats(valueStride);
            SplitStates = Take((long)architecture.KvHeads * Splits * SplitRows * SplitRowFloats);
            SampleScratchBytes = Align(Sampler.ScratchBytes(Logit));
            SampleScratch = Take(threads * SampleScratchBytes / sizeof(float));
            EditedLogits = Take((long)threads * Logit);
        }

        public int Hidden { get; }

        public int KeyOffset { get; }

        public int ValueOffset { get; }

        public int Projection { get; }

        public int UpOffset { get; }

        public int GateUp { get; }

        public int Logit { get; }

        public long States { get; }

        public long Normed { get; }

        public long Projections { get; }

        public long Outputs { get; }

        public long Gates { get; }

        public long Rotations { get; }

        public long Logits { get; }

        public long AttentionScratch { get; }

        public long AttentionScratchBytes { get; }

        public int Splits { get; }

        public int SplitRows { get; }

        public int SplitRowFloats { get; }

        public long SplitStates { get; }

        public long SampleScratch { get; }

        public long SampleScratchBytes { get; }

        public long EditedLogits { get; }

        public long Bytes { get; private set; }

        private static int Pad(int elements) => (elements + 15) & ~15;

        // Rows a large power of two apart would all fall into the same few sets of the first-level cache.
        private static int Stride(int elements) => Pad(elements) is var padded && padded % 512 == 0 ? padded + 16 : padded;

        private static long Align(long bytes) => (bytes + NativeBuffer.Alignment - 1) / NativeBuffer.Alignment * NativeBuffer.Alignment;

        private long Take(long floats)
        {
            var offset = Bytes;
            Bytes += Align(floats * sizeof(float));
            return offset;
        }
    }
}
