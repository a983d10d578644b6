using Helios.Peers.Measuring;

namespace Helios.Peers.LlamaCpp;

/// <summary>
/// A context with a KV stream for each sequence. Settings are llama.cpp's defaults for speed: KV in F16, micro-batches of
/// 512, weights repacked, a standing thread pool, logits only where they are asked for.
/// </summary>
internal sealed unsafe class LlamaSession : IPeerSession
{
    private const int MicroBatch = 512;

    private readonly Workload workload;
    private readonly int vocabulary;
    private readonly nint context;
    private readonly nint memory;
    private readonly int[] tokens;
    private readonly int[] positions;
    private readonly byte[] logits;
    private readonly int[] counts;
    private readonly int[] sequences;
    private readonly nint[] sequencePointers;
    private int position;

    public LlamaSession(LlamaLibrary library, LlamaModel model, Workload workload, bool flashAttention)
    {
        this.workload = workload;
        vocabulary = model.Vocabulary;
        var rows = Math.Max(workload.Rows, MicroBatch);
        var parameters = Native.llama_context_default_params();
        parameters.Context = (uint)(workload.Sequences * workload.Capacity);
        parameters.Batch = (uint)rows;
        parameters.MicroBatch = MicroBatch;
        parameters.MaxSequences = (uint)workload.Sequences;
        parameters.Threads = library.Threads;
        parameters.ThreadsBatch = library.Threads;
        parameters.FlashAttention = flashAttention ? 1 : 0;
        context = model.CreateContext(parameters);
        Native.llama_attach_threadpool(context, library.Pool, library.Pool);
        memory = Native.llama_get_memory(context);

        (tokens, positions, logits) = (GC.AllocateArray<int>(rows, pinned: true), GC.AllocateArray<int>(rows, pinned: true), GC.AllocateArray<byte>(rows, pinned: true));
        (counts, sequences, sequencePointers) = (GC.AllocateArray<int>(rows, pinned: true), GC.AllocateArray<int>(rows, pinned: true), GC.AllocateArray<nint>(rows, pinned: true));
        Array.Fill(counts, 1);
        fixed (int* first = sequences)
        {
            for (var i = 0; i < rows; i++) sequencePointers[i] = (nint)(first + i);
        }

        FillContext();
        TokenSource.Take(rows, vocabulary, seed: 2).CopyTo(tokens, 0);
    }

    public void Rewind()
    {
        for (var sequence = 0; sequence < workload.Sequences; sequence++)
        {
            if (!Native.llama_memory_seq_rm(memory, sequence, workload.Context, -1)) throw LlamaLibrary.Failure("does not shorten a sequence");
        }

        position = workload.Context;
    }

    public void Step()
    {
        var rows = workload.Rows;
        for (var row = 0; row < rows; row++)
        {
            var (sequence, token) = Math.DivRem(row, workload.TokensPerStep);
            sequences[row] = sequence;
            positions[row] = position + token;
            logits[row] = token == workload.TokensPerStep - 1 ? (byte)1 : (byte)0;
        }

        Decode(rows);
        position += workload.TokensPerStep;
    }

    public void Decode(ReadOnlySpan<int> text, bool allLogits)
    {
        text.CopyTo(tokens);
        for (var row = 0; row < text.Length; row++)
        {
            sequences[row] = 0;
            positions[row] = position + row;
            logits[row] = allLogits || row == text.Length - 1 ? (byte)1 : (byte)0;
        }

        Decode(text.Length);
        position += text.Length;
    }

    public ReadOnlySpan<float> Logits(int row) => new(Native.llama_get_logits_ith(context, row), vocabulary);

    public void Dispose() => Native.llama_free(context);

    // One sequence is computed and copied to the others: every stream has memory of its own.
    private void FillContext()
    {
        foreach (var chunk in TokenSource.Take(workload.Context, vocabulary, seed: 1).Chunk(MicroBatch)) Decode(chunk, allLogits: false);
        for (var sequence = 1; sequence < workload.Sequences; sequence++) Native.llama_memory_seq_cp(memory, 0, sequence, -1, -1);
        position = workload.Context;
    }

    private void Decode(int rows)
    {
        fixed (int* token = tokens, position = positions, count = counts)
        fixed (nint* sequence = sequencePointers)
        fixed (byte* wanted = logits)
        {
            var batch = new Native.Batch
            {
                Count = rows,
                Tokens = token,
                Positions = position,
                SequenceCounts = count,
                Sequences = (int**)sequence,
                Logits = wanted,
            };
            var result = Native.llama_decode(context, batch);
            if (result != 0) throw LlamaLibrary.Failure($"fails to decode {rows} rows with code {result}");
            Native.llama_synchronize(context);
        }
    }
}
