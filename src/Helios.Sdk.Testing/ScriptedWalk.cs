using System.Text;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Testing;

/// <summary>
/// A <see cref="ScriptedModel"/> as the engine walks it. What a row says follows from the tokens of its sequence up to it, which it
/// reads from KV: so preempted, shared and replayed sequences say what they would have said.
/// </summary>
internal sealed class ScriptedWalk(ScriptedModel script, ScriptedKvStore kv, int maxRows, MemoryReservation bytes, ManualClock? clock) : ILayeredModel
{
    private const float Sure = 0.95f;
    private const float Unsure = 0.3f;

    private readonly StepRow[] rows = new StepRow[maxRows];
    private readonly int[] leftAt = new int[maxRows];
    private readonly float[] logits = new float[ScriptedModel.Vocabulary];
    private KvBlock[] blocks = [];
    private byte[] text = [];
    private int count;
    private int depth;

    public void UseLayers(IReadOnlyList<ILayerWeights> layers)
    {
    }

    public void Begin(in StepBatch batch)
    {
        count = batch.Rows.Length;
        batch.Rows.CopyTo(rows);
        blocks = batch.Blocks.ToArray();
        for (var row = 0; row < count; row++) Keep(row);
        leftAt.AsSpan(0, count).Clear();
        if (!batch.Resume) depth = 0;
    }

    public void Extend(ReadOnlySpan<RowToken> tokens)
    {
        foreach (var (row, token) in tokens)
        {
            rows[row] = rows[row] with { TokenId = token };
            Keep(row);
        }

        depth = 0;
    }

    public void Run(LayerRange layers)
    {
        depth = layers.End;
        clock?.Advance(script.LayerTime * layers.Count);
    }

    public void ReadSignals(in ExitCheck check, Span<ExitSignal> signals)
    {
        for (var i = 0; i < check.Rows.Length; i++)
        {
            var (top, probability) = Say(check.Rows[i]);
            signals[i] = SignalOf(top, probability);
            if (!check.Targets.IsEmpty && check.Targets[i] is >= 0 and var target) signals[i].TargetLogProbability = Log(target, top, probability);
        }
    }

    public void Retire(ReadOnlySpan<int> leaving)
    {
        foreach (var row in leaving) leftAt[row] = depth;
    }

    public void Sample(ReadOnlySpan<SampleRow> draws, Span<SampledToken> tokens)
    {
        for (var i = 0; i < draws.Length; i++)
        {
            var (top, probability) = Say(draws[i].Row);
            var token = draws[i].Edit is { } edit ? Edited(edit, rows[draws[i].Row].Position, top, probability) : top;
            var likeliest = draws[i].Likeliest.Span;
            for (var rank = 0; rank < likeliest.Length; rank++)
            {
                // Those after the top are all alike: in order of id.
                var id = rank == 0 ? top : rank - 1 < top ? rank - 1 : rank;
                likeliest[rank] = new TokenLogProbability(id, Log(id, top, probability));
            }

            tokens[i] = new SampledToken(token, Log(token, top, probability), SignalOf(top, probability));
        }
    }

    public void Dispose() => bytes.Dispose();

    /// <summary>What a row says at the depth it left at, or stands at: the likeliest token and its probability; all others are alike.</summary>
    private (int Top, float Probability) Say(int row)
    {
        var at = leftAt[row] > 0 ? leftAt[row] : depth;
        var seen = TextUpTo(row);
        var right = script.Next(seen);
        if (at >= script.Layers || at >= script.SettledAt(Encoding.UTF8.GetString(seen))) return (right, Sure);
        return (right == '?' ? '!' : '?', Unsure);
    }

    private ReadOnlySpan<byte> TextUpTo(int row)
    {
        var (_, position, firstBlock, layers) = rows[row];
        if (text.Length <= position) text = new byte[2 * (position + 1)];
        var length = 0;
        for (var i = 0; i <= position; i++)
        {
            var token = kv.Tokens(blocks[firstBlock + i / kv.TokensPerBlock], layers)[i % kv.TokensPerBlock];
            if (token < ScriptedModel.EndOfSequence) text[length++] = (byte)token;
        }

        return text.AsSpan(0, length);
    }

    private void Keep(int row)
    {
        var (token, position, firstBlock, layers) = rows[row];
        if (token != StepRow.Unknown) kv.Tokens(blocks[firstBlock + position / kv.TokensPerBlock], layers)[position % kv.TokensPerBlock] = token;
    }

    private int Edited(ILogitsEdit edit, int position, int top, float probability)
    {
        for (var id = 0; id < logits.Length; id++) logits[id] = Log(id, top, probability);
        edit.Edit(position, logits);
        return logits.AsSpan().IndexOf(logits.Max());
    }

    private static ExitSignal SignalOf(int top, float probability)
    {
        var other = Other(probability);
        return new ExitSignal
        {
            TopId = top,
            Top1 = probability,
            Margin = probability - other,
            Entropy = -(probability * MathF.Log(probability) + (1 - probability) * MathF.Log(other)),
        };
    }

    private static float Log(int id, int top, float probability) => MathF.Log(id == top ? probability : Other(probability));

    private static float Other(float probability) => (1 - probability) / (ScriptedModel.Vocabulary - 1);
}
