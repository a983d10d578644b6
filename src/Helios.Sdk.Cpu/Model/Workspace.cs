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
        if (layout.HasOnes) new Span<float>(Ones, architecture.HiddenSize).Fill(1);
    }

    /// <summary>Elements of a hidden state with padding.</summary>
    public int Hidden => layout.Hidden;

    /// <summary>Elements from one row of <see cref="Projections"/> to the next.</summary>
    public int ProjectionStride => layout.Projection;

    /// <summary>Elements from one row of <see cref="GateUp"/> to the next.</summary>
    public int GateUpStride => layout.GateUp;

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

    /// <summary>Tables of each row's position <c>[rows of the step][<see cref="RotaryTables.RowFloats"/>]</c>.</summary>
    public float* Rotations => At(layout.Rotations);

    /// <summary>Elements from one row of <see cref="RouterLogits"/> to the next.</summary>
    public int RouterStride => layout.Router;

    /// <summary>Logits of experts <c>[rows at work][RouterStride]</c>.</summary>
    public float* RouterLogits => At(layout.RouterLogits);

    /// <summary>Normed states of an expert's rows <c>[rows][Hidden]</c>.</summary>
    public float* ExpertInputs => At(layout.ExpertInputs);

    /// <summary>Outputs of an expert <c>[rows][Hidden]</c>.</summary>
    public float* ExpertOutputs => At(layout.ExpertOutputs);

    /// <summary>Logits of a tile <c>[LogitRows][LogitStride]</c>.</summary>
    public float* Logits => At(layout.Logits);

    /// <summary>The weight of a norm without one <c>[Hidden]</c>: ones, then zeros. Only where an exit has a map.</summary>
    public float* Ones => At(layout.Ones);

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

    /// <summary>Elements with padding to whole vectors of every width.</summary>
    public static int Pad(int elements) => (elements + 15) & ~15;

    public void Dispose() => memory.Dispose();

    private float* At(long offset) => (float*)(memory.Pointer + offset);

    /// <summary>Offsets of everything, computed once, the same way for measuring and for allocating.</summary>
    private sealed class Layout
    {
        public Layout(ModelArchitecture architecture, int maxRows, int threads)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
            var kinds = architecture.Stack.Distinct().ToList();
            var experts = kinds.Max(layer => layer.FeedForward.Experts?.Count ?? 0);
            Hidden = Stride(QuantisedRow.Room(Math.Max(architecture.HiddenSize, architecture.Embedding.Width)));
            Projection = Stride(kinds.Max(layer => ProjectionSize(layer.Attention)));
            GateUp = Stride(kinds.Max(layer => Math.Max(GateUpSize(layer.FeedForward), layer.ExitTransform is ExitFeedForward own ? GateUpSize(own.Network) : 0)));
            Router = Pad(experts);
            Logit = Pad(architecture.VocabularySize);

            States = Take((long)maxRows * Hidden);
            Normed = Take((long)maxRows * Hidden);
            Projections = Take((long)maxRows * Projection);
            Outputs = Take((long)maxRows * Hidden);
            Gates = Take((long)maxRows * GateUp);
            Rotations = Take((long)maxRows * new RotaryTables(architecture).RowFloats);
            RouterLogits = Take((long)maxRows * Router);
            ExpertInputs = Take(experts > 0 ? (long)maxRows * Hidden : 0);
            ExpertOutputs = Take(experts > 0 ? (long)maxRows * Hidden : 0);
            Logits = Take((long)LogitRows * Logit);
            HasOnes = kinds.Exists(layer => layer.ExitTransform is ExitMap);
            Ones = Take(HasOnes ? Hidden : 0);

            var heads = kinds.Max(layer => layer.Attention.Heads / layer.Attention.KvHeads);
            var kvHeads = kinds.Max(layer => layer.Attention.KvHeads);
            var valueStride = Pad(kinds.Max(layer => layer.Attention.HeadDim));
            AttentionScratchBytes = Align(AttentionTask.ScratchFloats(AttentionRows * heads, valueStride) * sizeof(float));
            AttentionScratch = Take(threads * AttentionScratchBytes / sizeof(float));
            Splits = Math.Min(MostSplits, AttentionShape.SplitsOf(architecture.ContextLength));
            SplitRows = Math.Min(Math.Min(maxRows, ItemsPerThread * (threads - 1) / kvHeads), Math.Max(1, MostSplitStates / Splits));
            SplitRowFloats = heads * AttentionTask.StateFloats(valueStride);
            SplitStates = Take((long)kvHeads * Splits * SplitRows * SplitRowFloats);
            SampleScratchBytes = Align(Sampler.ScratchBytes(Logit));
            SampleScratch = Take(threads * SampleScratchBytes / sizeof(float));
            EditedLogits = Take((long)threads * Logit);
        }

        public int Hidden { get; }

        public int Projection { get; }

        public int GateUp { get; }

        public int Router { get; }

        public long RouterLogits { get; }

        public long ExpertInputs { get; }

        public long ExpertOutputs { get; }

        public int Logit { get; }

        public long States { get; }

        public long Normed { get; }

        public long Projections { get; }

        public long Outputs { get; }

        public long Gates { get; }

        public long Rotations { get; }

        public long Logits { get; }

        public bool HasOnes { get; }

        public long Ones { get; }

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

        private static int ProjectionSize(AttentionLayout a) => Math.Max(Pad(a.QuerySize) + 2 * Pad(a.KvSize), QuantisedRow.Room(a.QuerySize));

        private static int GateUpSize(FeedForwardLayout f) => Math.Max((f.IsGated ? 2 : 1) * Pad(f.Size), QuantisedRow.Room(f.Size));

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
