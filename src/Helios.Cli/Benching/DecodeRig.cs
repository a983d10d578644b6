using Helios.Sdk;

namespace Helios.Cli.Benching;

/// <summary>
/// Sequences at one depth, each with the same number of tokens in KV, stepped straight on the backend. A decode step goes
/// over the same position again and again, so that every one costs the same. Nothing is allocated in a step.
/// </summary>
internal sealed class DecodeRig : IDisposable
{
    private const int TokensPerBlock = 16;
    private const int MostPrefillRows = 512;

    private readonly IKvStore kv;
    private readonly ILayeredModel device;
    private readonly RigSize size;
    private readonly StepRow[] rows;
    private readonly KvBlock[] table;
    private readonly int[] all;
    private readonly SampleRow[] draws;
    private readonly SampledToken[] tokens;
    private readonly int blocksPerSequence;
    private readonly int vocabulary;

    /// <summary>Takes memory from the model's budget and fills the KV of every sequence.</summary>
    /// <exception cref="HeliosException">The budget does not hold it.</exception>
    public DecodeRig(BenchedModel model, RigSize size)
    {
        this.size = size;
        vocabulary = model.Architecture.VocabularySize;
        var most = Math.Max(size.Batch, Math.Min(Math.Max(size.Prefill, size.Context), MostPrefillRows));
        rows = new StepRow[most];
        all = [.. Enumerable.Range(0, most)];
        draws = new SampleRow[most];
        tokens = new SampledToken[most];

        blocksPerSequence = Blocks(size.Context + 1);
        table = [.. Enumerable.Range(0, Math.Max(size.Batch * blocksPerSequence, Blocks(size.Prefill))).Select(i => new KvBlock(0, i))];
        kv = MakeKv(model, model.KvShape(size.Depth));
        try
        {
            device = model.Compose(kv, most);
            device.UseLayers(model.LayersTo(size.Depth));
            Fill();
        }
        catch
        {
            device?.Dispose();
            kv.Dispose();
            throw;
        }
    }

    public int Depth => size.Depth;

    /// <summary>One token for each of the first sequences.</summary>
    public void Step(int batch)
    {
        for (var i = 0; i < batch; i++)
        {
            rows[i] = new StepRow(tokens[i].TokenId, size.Context, i * blocksPerSequence, size.Depth);
            draws[i] = Greedy(i);
        }

        device.Begin(new StepBatch { Rows = rows.AsSpan(0, batch), Blocks = table });
        device.Run(LayerRange.To(size.Depth));
        device.Retire(all.AsSpan(0, batch));
        device.Sample(draws.AsSpan(0, batch), tokens);
    }

    /// <summary>
    /// A prompt up to its first token, over the blocks of all sequences. What it leaves there is as good as what was there:
    /// keys and values of some tokens.
    /// </summary>
    public void Prefill()
    {
        for (var done = 0; done < size.Prefill;)
        {
            var count = Begin(firstBlock: 0, done, size.Prefill);
            device.Run(LayerRange.To(size.Depth));
            device.Retire(all.AsSpan(0, count));
            done += count;
            if (done < size.Prefill) continue;
            draws[0] = Greedy(count - 1);
            device.Sample(draws.AsSpan(0, 1), tokens);
        }
    }

    public void Dispose()
    {
        device.Dispose();
        kv.Dispose();
    }

    private static SampleRow Greedy(int row) => new(row, Temperature: 0, TopK: 0, TopP: 1, Uniform: 0, ExitSignals.None);

    private static int Blocks(int count) => (count + TokensPerBlock - 1) / TokensPerBlock;

    private IKvStore MakeKv(BenchedModel model, KvShape shape)
    {
        using var measure = model.Backend.CreateKvStore(slabBytes: 1, TokensPerBlock);
        var store = model.Backend.CreateKvStore(table.Length * measure.BlockBytes(shape), TokensPerBlock);
        store.AddSlab(model.Reserve(store.SlabBytes, $"KV of {size.Batch} sequences of {size.Context} tokens"));
        return store;
    }

    // Rows that retire before the first layer leave keys and values in all of them at a fraction of what running costs.
    private void Fill()
    {
        for (var sequence = 0; sequence < size.Batch; sequence++)
        {
            for (var done = 0; done < size.Context;)
            {
                var count = Begin(sequence * blocksPerSequence, done, size.Context);
                device.Retire(all.AsSpan(0, count));
                done += count;
            }
        }
    }

    private int Begin(int firstBlock, int start, int end)
    {
        var count = Math.Min(rows.Length, end - start);
        for (var i = 0; i < count; i++) rows[i] = new StepRow((start + i) * 31 % vocabulary, start + i, firstBlock, size.Depth);
        device.Begin(new StepBatch { Rows = rows.AsSpan(0, count), Blocks = table });
        return count;
    }
}

/// <summary>What a rig holds.</summary>
/// <param name="Depth">Layers that run.</param>
/// <param name="Batch">Sequences.</param>
/// <param name="Context">Tokens of each in KV before a decode step.</param>
/// <param name="Prefill">Tokens of the prompt that is prefilled; 0 for none.</param>
internal readonly record struct RigSize(int Depth, int Batch, int Context, int Prefill);
