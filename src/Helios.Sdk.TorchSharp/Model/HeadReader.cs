using System.Runtime.InteropServices;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.TorchSharp.Loading;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>
/// Norm, head and the reduction to scalars, on the device, in tiles of rows, so that logits exist for those alone. Each tile comes back in
/// one copy.
/// </summary>
internal sealed class HeadReader(TorchFixedPart fixedPart, StepConstants constants)
{
    /// <summary>Rows whose logits exist at one time.</summary>
    public const int TileRows = 64;

    private const int Columns = 6;

    /// <summary>Signals of rows.</summary>
    /// <param name="states"><c>[rows, hidden]</c>.</param>
    /// <param name="norm">Norm of the depth; null without one.</param>
    /// <param name="head">Head of the depth.</param>
    /// <param name="check">What is wanted; its rows are those of <paramref name="states"/>.</param>
    /// <param name="signals">One per row.</param>
    public void Read(Tensor states, TorchNorm? norm, TorchLinear head, in ExitCheck check, Span<ExitSignal> signals)
    {
        for (var start = 0; start < check.Rows.Length; start += TileRows)
        {
            using var scope = torch.NewDisposeScope();
            var count = Math.Min(TileRows, check.Rows.Length - start);
            var logits = Logits(states, norm, head, start, count);
            var targets = check.Targets.IsEmpty ? default : check.Targets.Slice(start, count);
            var summary = new LogitSummary(logits);
            var answers = ToHost(torch.stack(Signals(logits, summary, check.Needs, Targets(targets))));
            for (var i = 0; i < count; i++)
            {
                signals[start + i] = SignalOf(answers, count, i, check.Needs);
                if (!targets.IsEmpty && targets[i] >= 0) signals[start + i].TargetLogProbability = (float)answers[(4 * count) + i];
            }
        }
    }

    /// <summary>Draws a token for each row.</summary>
    /// <param name="states"><c>[rows, hidden]</c>.</param>
    /// <param name="norm">Norm of the depth; null without one.</param>
    /// <param name="head">Head of the depth.</param>
    /// <param name="draws">How to draw; one per row of <paramref name="states"/>.</param>
    /// <param name="positions">Positions of the rows.</param>
    /// <param name="tokens">One per row.</param>
    public void Sample(Tensor states, TorchNorm? norm, TorchLinear head, ReadOnlySpan<SampleRow> draws, ReadOnlySpan<int> positions, Span<SampledToken> tokens)
    {
        for (var start = 0; start < draws.Length; start += TileRows)
        {
            using var scope = torch.NewDisposeScope();
            var count = Math.Min(TileRows, draws.Length - start);
            var tile = draws.Slice(start, count);
            var needs = ExitSignals.None;
            foreach (ref readonly var draw in tile) needs |= draw.Needs;

            var logits = Logits(states, norm, head, start, count);
            var summary = new LogitSummary(logits);
            var edited = Edit(logits, tile, positions.Slice(start, count));
            var drawnFrom = ReferenceEquals(edited, logits) ? summary : new LogitSummary(edited);
            var (drawn, settled) = DeviceSampler.Draw(constants, edited, drawnFrom, tile);
            var rows = Signals(logits, summary, needs, targets: null);
            rows.AddRange([drawn.to(ScalarType.Float64), LogProbability(logits, summary, drawn).to(ScalarType.Float64)]);
            if (settled is not null) rows.Add(settled.to(ScalarType.Float64));
            var answers = ToHost(torch.stack(rows));
            for (var i = 0; i < count; i++)
            {
                tokens[start + i] = new SampledToken((int)answers[(4 * count) + i], (float)answers[(5 * count) + i], SignalOf(answers, count, i, tile[i].Needs));
                if (settled is not null && answers[(6 * count) + i] == 0) tokens[start + i] = DrawAgain(logits, edited, summary, tokens[start + i], tile, i);
            }

            ReadLikeliest(logits, summary, tile);
        }
    }

    // Enum.HasFlag allocates until the JIT has optimised its caller.
    private static bool Wants(ExitSignals needs, ExitSignals signal) => (needs & signal) == signal;

    private static ExitSignal SignalOf(ReadOnlySpan<double> answers, int count, int row, ExitSignals needs)
    {
        var signal = new ExitSignal { TopId = (int)answers[row] };
        if (Wants(needs, ExitSignals.Top1)) signal.Top1 = (float)answers[count + row];
        if (Wants(needs, ExitSignals.Margin)) signal.Margin = (float)answers[(2 * count) + row];
        if (Wants(needs, ExitSignals.Entropy)) signal.Entropy = (float)answers[(3 * count) + row];
        return signal;
    }

    // Top probability less the second; less nothing where there is but one token.
    private static Tensor Margin(Tensor logits, Tensor logSum, Tensor top) =>
        logits.shape[1] == 1 ? top : top - (logits.topk(2).values.select(1, 1) - logSum).exp();

    // Top id, top probability, margin, entropy, and log probability of the target where there are targets, each [rows] in double, which
    // holds ids and floats alike.
    private static List<Tensor> Signals(Tensor logits, LogitSummary summary, ExitSignals needs, Tensor? targets)
    {
        var top = (summary.Top - summary.LogSum).exp();
        var rows = new List<Tensor>(Columns) { summary.TopId.to(ScalarType.Float64), top.to(ScalarType.Float64) };
        rows.Add(Wants(needs, ExitSignals.Margin) ? Margin(logits, summary.LogSum, top).to(ScalarType.Float64) : rows[1]);
        rows.Add(Wants(needs, ExitSignals.Entropy) ? Entropy(logits, summary).to(ScalarType.Float64) : rows[1]);
        if (targets is not null) rows.Add((logits.gather(1, targets.unsqueeze(1)).squeeze(1) - summary.LogSum).to(ScalarType.Float64));
        return rows;
    }

    // A logit of negative infinity has no probability, and nothing times infinity is not a number.
    private static Tensor Entropy(Tensor logits, LogitSummary summary)
    {
        var logProbabilities = logits - summary.LogSum.unsqueeze(1);
        return (logProbabilities.exp() * logProbabilities).nan_to_num_(0, 0, 0).sum(1).neg().where(summary.LogSum.isfinite(), summary.LogSum);
    }

    private static double[] ToHost(Tensor answers)
    {
        using var host = answers.cpu();
        return MemoryMarshal.Cast<byte, double>(host.bytes).ToArray();
    }

    private static Tensor Edit(Tensor logits, ReadOnlySpan<SampleRow> draws, ReadOnlySpan<int> positions)
    {
        Tensor? edited = null;
        for (var i = 0; i < draws.Length; i++)
        {
            if (draws[i].Edit is not { } edit) continue;
            edited ??= logits.clone();
            using var scope = torch.NewDisposeScope();
            var row = edited.select(0, i);
            var host = row.device_type == DeviceType.CPU ? row.clone() : row.cpu();
            edit.Edit(positions[i], MemoryMarshal.Cast<byte, float>(host.bytes));
            row.copy_(host);
        }

        return edited ?? logits;
    }

    private static Tensor LogProbability(Tensor logits, LogitSummary summary, Tensor ids) => logits.gather(1, ids.unsqueeze(1)).squeeze(1) - summary.LogSum;

    private static void ReadLikeliest(Tensor logits, LogitSummary summary, ReadOnlySpan<SampleRow> draws)
    {
        for (var i = 0; i < draws.Length; i++)
        {
            if (draws[i].Likeliest.IsEmpty) continue;
            using var scope = torch.NewDisposeScope();
            var (values, ids) = logits.select(0, i).sort(-1, descending: true, stable: true);
            var wanted = Math.Min(draws[i].Likeliest.Length, (int)logits.shape[1]);
            var answers = ToHost(torch.stack([ids.narrow(0, 0, wanted).to(ScalarType.Float64), (values.narrow(0, 0, wanted) - summary.LogSum.select(0, i)).to(ScalarType.Float64)]));
            var likeliest = draws[i].Likeliest.Span;
            for (var k = 0; k < wanted; k++) likeliest[k] = new TokenLogProbability((int)answers[k], (float)answers[wanted + k]);
        }
    }

    // A row that its likeliest tokens did not settle.
    private SampledToken DrawAgain(Tensor logits, Tensor edited, LogitSummary summary, SampledToken token, ReadOnlySpan<SampleRow> draws, int row)
    {
        using var scope = torch.NewDisposeScope();
        var mine = edited.narrow(0, row, 1);
        var drawn = DeviceSampler.DrawSorted(constants, mine, new LogitSummary(mine), draws.Slice(row, 1));
        var logProbability = logits.narrow(0, row, 1).gather(1, drawn.unsqueeze(1)).squeeze(1) - summary.LogSum.narrow(0, row, 1);
        var answers = ToHost(torch.stack([drawn.to(ScalarType.Float64), logProbability.to(ScalarType.Float64)]));
        return token with { TokenId = (int)answers[0], LogProbability = (float)answers[1] };
    }

    // [count, vocabulary] in FP32
    private Tensor Logits(Tensor states, TorchNorm? norm, TorchLinear head, int start, int count)
    {
        var x = count == states.shape[0] ? states : states.narrow(0, start, count);
        if (norm is not null) x = norm.Of(x);
        if (fixedPart.HeadProjection is { } projection) x = projection.Product(x);
        var logits = head.Of(x).to(ScalarType.Float32);
        var layout = fixedPart.Architecture.Head;
        if (!layout.Scale.Equals(1f)) logits.mul_(constants.Number(layout.Scale));
        if (layout.SoftCap is { } cap) logits.div_(constants.Number(cap)).tanh_().mul_(constants.Number(cap));
        return logits;
    }

    // -1 is no target: any will do.
    private Tensor? Targets(ReadOnlySpan<int> targets)
    {
        if (targets.IsEmpty) return null;
        var numbers = constants.Upload.Room<long>(targets.Length);
        for (var i = 0; i < targets.Length; i++) numbers[i] = Math.Max(0, targets[i]);
        return constants.Upload.ToDevice(targets.Length);
    }
}

/// <summary>What most reductions of logits start from.</summary>
internal sealed class LogitSummary
{
    /// <summary>Reduces logits.</summary>
    /// <param name="logits"><c>[rows, vocabulary]</c>.</param>
    public LogitSummary(Tensor logits)
    {
        (Top, TopId) = logits.max(1);
        LogSum = logits.logsumexp(1);
    }

    /// <summary>Largest logit <c>[rows]</c>.</summary>
    public Tensor Top { get; }

    /// <summary>Its token, the lowest on ties <c>[rows]</c>.</summary>
    public Tensor TopId { get; }

    /// <summary>Log of the sum of exponentials <c>[rows]</c>.</summary>
    public Tensor LogSum { get; }
}
