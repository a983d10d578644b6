using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Cli.Benching;

/// <summary>
/// Sequences at one depth, each with the same number of tokens in KV, stepped straight on the backend. A decode step goes
/// over the same position again and again, so that every one costs the same. Nothing is allocated in a step.
/// </summary>
internal sealed class DecodeRig : IDisposable
{
    /// <summary>Tokens of a KV block, as the engine has it by default.</summary>
    public const int TokensPerBlock = 16;

    private readonly ILayeredModel device;
    private readonly RigSize size;
    private readonly KvBlock[] table;
    private readonly StepRow[] rows;
    private readonly int[] all;
    private readonly SampleRow[] draws;
    private readonly SampledToken[] tokens;
    private readonly int vocabulary;
    private readonly int tableLength;

    /// <summary>Takes memory for activations from the model's budget and fills the KV of every sequence.</summary>
    /// <param name="model">The loaded model.</param>
    /// <param name="kv">Where the blocks lie; stays its owner's, and is disposed after this.</param>
    /// <param name="table">Blocks of the sequences, one after another.</param>
    /// <param name="size">What runs.</param>
    /// <exception cref="HeliosException">The budget does not hold the activations.</exception>
    public DecodeRig(BenchedModel model, IKvStore kv, KvBlock[] table, RigSize size)
    {
        this.size = size;
        this.table = table;
        vocabulary = model.Architecture.VocabularySize;
        tableLength = size.BlocksPerSequence * KvGroups.Of(model.Architecture).Count;
        rows = new StepRow[size.Rows];
        all = [.. Enumerable.Range(0, size.Rows)];
        draws = new SampleRow[size.Rows];
        tokens = new SampledToken[size.Rows];
        device = model.Compose(kv, size.Rows);
        try
        {
            device.UseLayers(model.LayersTo(size.Depth));
            Fill();
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    public int Depth => size.Depth;

    /// <summary>One token for each of the first sequences.</summary>
    public void Step(int batch)
    {
        for (var i = 0; i < batch; i++)
        {
            rows[i] = new StepRow(tokens[i].TokenId, size.Context, i * tableLength, size.Depth);
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
    public void Prefill(int length)
    {
        for (var done = 0; done < length;)
        {
            var count = Begin(firstBlock: 0, done, length);
            device.Run(LayerRange.To(size.Depth));
            device.Retire(all.AsSpan(0, count));
            done += count;
            if (done < length) continue;
            draws[0] = Greedy(count - 1);
            device.Sample(draws.AsSpan(0, 1), tokens);
        }
    }

    public void Dispose() => device.Dispose();

    private static SampleRow Greedy(int row) => new(row, Temperature: 0, TopK: 0, TopP: 1, Uniform: 0, ExitSignals.None);

    // Rows that retire before the first layer leave keys and values in all of them at a fraction of what running costs.
    private void Fill()
    {
        for (var sequence = 0; sequence < size.Batch; sequence++)
        {
            for (var done = 0; done < size.Context;)
            {
                var count = Begin(sequence * tableLength, done, size.Context);
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

/// <summary>What a rig runs.</summary>
/// <param name="Depth">Layers that run.</param>
/// <param name="Batch">Sequences.</param>
/// <param name="Context">Tokens of each in KV before a decode step.</param>
/// <param name="Rows">Most rows of a step.</param>
internal readonly record struct RigSize(int Depth, int Batch, int Context, int Rows)
{
    /// <summary>Blocks of a sequence, the token of a decode step included.</summary>
    public int BlocksPerSequence => BlocksFor(Context + 1);

    public static int BlocksFor(int count) => (count + DecodeRig.TokensPerBlock - 1) / DecodeRig.TokensPerBlock;
}
