using Helios.Peers.Measuring;
using LLama;
using LLama.Native;

namespace Helios.Peers.LlamaSharp;

/// <summary>A context with a KV stream for each sequence, and a batch that is filled anew for every step.</summary>
internal sealed class LlamaSharpSession : IPeerSession
{
    private const int MicroBatch = 512;

    private readonly Workload workload;
    private readonly LLamaContext owner;
    private readonly SafeLLamaContextHandle context;
    private readonly LLamaBatch batch = new();
    private readonly int[] tokens;
    private int position;

    public LlamaSharpSession(LlamaSharpModel model, Workload workload, bool flashAttention)
    {
        this.workload = workload;
        var rows = Math.Max(workload.Rows, MicroBatch);
        owner = model.CreateContext(workload, rows, MicroBatch, flashAttention);
        context = owner.NativeHandle;
        FillContext(model.Vocabulary);
        tokens = TokenSource.Take(workload.Rows, model.Vocabulary, seed: 2);
    }

    public void Rewind()
    {
        for (var sequence = 0; sequence < workload.Sequences; sequence++) context.MemorySequenceRemove((LLamaSeqId)sequence, workload.Context, -1);
        position = workload.Context;
    }

    public void Step()
    {
        batch.Clear();
        for (var row = 0; row < workload.Rows; row++)
        {
            var (sequence, token) = Math.DivRem(row, workload.TokensPerStep);
            batch.Add(tokens[row], position + token, (LLamaSeqId)sequence, token == workload.TokensPerStep - 1);
        }

        Decode();
        position += workload.TokensPerStep;
    }

    public void Decode(ReadOnlySpan<int> text, bool allLogits)
    {
        batch.Clear();
        for (var row = 0; row < text.Length; row++) batch.Add(text[row], position + row, LLamaSeqId.Zero, allLogits || row == text.Length - 1);
        Decode();
        position += text.Length;
    }

    public ReadOnlySpan<float> Logits(int row) => context.GetLogitsIth(row);

    public void Dispose() => owner.Dispose();

    // One sequence is computed and copied to the others: every stream has memory of its own.
    private void FillContext(int vocabulary)
    {
        foreach (var chunk in TokenSource.Take(workload.Context, vocabulary, seed: 1).Chunk(MicroBatch)) Decode(chunk, allLogits: false);
        for (var sequence = 1; sequence < workload.Sequences; sequence++) context.MemorySequenceCopy(LLamaSeqId.Zero, (LLamaSeqId)sequence, -1, -1);
        position = workload.Context;
    }

    private void Decode()
    {
        var result = context.Decode(batch);
        if (result != DecodeResult.Ok) throw new PeerException($"LLamaSharp fails to decode {batch.TokenCount} rows: {result}.");
        context.Synchronize();
    }
}
