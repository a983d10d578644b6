using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Support;

/// <summary>
/// A plain float64 model of any architecture, a token at a time: each token runs to a depth of its own, and leaves keys and values for the
/// layers above from the state it left with.
/// </summary>
public sealed class ReferenceModel
{
    private readonly MemoryCheckpoint checkpoint;
    private readonly ModelArchitecture architecture;
    private readonly Dictionary<TensorKey, double[]?> weights = [];
    private readonly List<double[]>[] keys;
    private readonly List<double[]>[] values;

    public ReferenceModel(MemoryCheckpoint checkpoint)
    {
        this.checkpoint = checkpoint;
        architecture = checkpoint.Info.Architecture;
        keys = [.. Enumerable.Range(0, architecture.Layers).Select(_ => new List<double[]>())];
        values = [.. Enumerable.Range(0, architecture.Layers).Select(_ => new List<double[]>())];
    }

    /// <summary>Runs the next token of the sequence to a depth, filling KV up to another; returns log probabilities there.</summary>
    public double[] Step(int token, int depth, int kvDepth) => StepAll(token, depth, kvDepth)[^1];

    /// <summary>The same; log probabilities at every depth from 1 on.</summary>
    public List<double[]> StepAll(int token, int depth, int kvDepth)
    {
        var position = keys[0].Count;
        var state = Embed(token, position);
        var exits = new List<double[]>();
        for (var layer = 0; layer < kvDepth; layer++)
        {
            var layout = architecture.Stack[layer];
            var normed = Norm(state, TensorRole.AttentionNorm, layer, layout.Norm);
            keys[layer].Add(Heads(TensorRole.Key, TensorRole.KeyNorm, layer, normed, position));
            values[layer].Add(Linear(new(TensorRole.Value, layer), normed));
            if (layer >= depth) continue;
            var queries = Heads(TensorRole.Query, TensorRole.QueryNorm, layer, normed, position);
            var attended = Linear(new(TensorRole.AttentionOutput, layer), Attend(layer, queries, position));
            var before = state;
            state = Join(state, attended, TensorRole.AttentionPostNorm, layer);
            normed = Norm(layout.IsParallel ? before : state, TensorRole.FeedForwardNorm, layer, layout.Norm);
            state = Join(state, FeedForward(layer, normed), TensorRole.FeedForwardPostNorm, layer);
            exits.Add(LogProbabilities(state, layer + 1));
        }

        return exits;
    }

    public static ExitSignal Signal(double[] logProbabilities)
    {
        var order = Enumerable.Range(0, logProbabilities.Length).OrderByDescending(i => logProbabilities[i]).ThenBy(i => i).ToArray();
        var (first, second) = (Math.Exp(logProbabilities[order[0]]), Math.Exp(logProbabilities[order[1]]));
        return new ExitSignal
        {
            TopId = order[0],
            Top1 = (float)first,
            Margin = (float)(first - second),
            Entropy = (float)-logProbabilities.Sum(p => Math.Exp(p) * p),
        };
    }

    private double[] Embed(int token, int position)
    {
        var e = architecture.Embedding;
        var state = W(new(TensorRole.Embedding))!.AsSpan(token * e.Width, e.Width).ToArray().Select(value => value * e.Scale).ToArray();
        if (W(new(TensorRole.EmbeddingProjection)) is { } projection) state = Product(projection, state);
        if (e.Positions is not { } positions) return state;
        return Add(state, W(new(TensorRole.PositionEmbedding))!.AsSpan((position + positions.Offset) * architecture.HiddenSize, architecture.HiddenSize).ToArray());
    }

    private double[] Join(double[] state, double[] output, TensorRole norm, int layer)
    {
        var layout = architecture.Stack[layer];
        var normsSum = layout.NormPosition == NormPosition.AfterResidual;
        if (!normsSum) output = Norm(output, norm, layer, layout.Norm);
        var sum = Add(state, [.. output.Select(value => value * layout.ResidualScale)]);
        return normsSum ? Norm(sum, norm, layer, layout.Norm) : sum;
    }

    private double[] FeedForward(int layer, double[] normed)
    {
        var layout = architecture.Stack[layer].FeedForward;
        if (layout.Experts is not { } experts) return Network(layer, -1, normed);
        var logits = Product(W(new(TensorRole.Router, layer))!, normed);
        var max = logits.Max();
        var shares = logits.Select(logit => Math.Exp(logit - max)).ToArray();
        var chosen = Enumerable.Range(0, experts.Count).OrderByDescending(expert => shares[expert]).Take(experts.Active).ToArray();
        var total = experts.Normalizes ? chosen.Sum(expert => shares[expert]) : shares.Sum();
        var result = new double[architecture.HiddenSize];
        foreach (var expert in chosen) result = Add(result, [.. Network(layer, expert, normed).Select(value => value * shares[expert] / total)]);
        return result;
    }

    private double[] Network(int layer, int expert, double[] normed) =>
        Network(architecture.Stack[layer].FeedForward, new(TensorRole.Up, layer, expert), TensorRole.Gate, TensorRole.Down, normed);

    private double[] Network(FeedForwardLayout layout, TensorKey key, TensorRole gateRole, TensorRole downRole, double[] normed)
    {
        var up = Linear(key, normed);
        var down = key with { Role = downRole };
        if (!layout.IsGated) return Linear(down, [.. up.Select(value => Activate(layout.Activation, value))]);
        var gate = Linear(key with { Role = gateRole }, normed);
        return Linear(down, [.. gate.Select((value, i) => Activate(layout.Activation, value) * up[i])]);
    }

    private static double Activate(Activation activation, double x) => activation switch
    {
        Activation.Silu => x / (1 + Math.Exp(-x)),
        Activation.Relu => Math.Max(0, x),
        Activation.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
        _ => 0.5 * x * (1 + Erf(x / Math.Sqrt(2))),
    };

    // Its Taylor series, which converges for every x.
    private static double Erf(double x)
    {
        if (Math.Abs(x) > 5) return Math.Sign(x);
        var (sum, term) = (x, x);
        for (var n = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
        {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }

    private double[] LogProbabilities(double[] state, int depth)
    {
        var head = architecture.Head;
        state = Transform(state, depth - 1);
        var ownNorm = W(new(TensorRole.ExitNorm, depth - 1)) is not null;
        var normed = head.Norm is null ? state : Norm(state, ownNorm ? TensorRole.ExitNorm : TensorRole.FinalNorm, ownNorm ? depth - 1 : -1, head.Norm);
        if (W(new(TensorRole.HeadProjection)) is { } projection) normed = Product(projection, normed);
        var logits = W(new(TensorRole.ExitHead, depth - 1)) is { } own ? Product(own, normed) : Linear(new(TensorRole.Head), normed);
        logits = [.. logits.Select(logit => logit * head.Scale)];
        if (head.SoftCap is { } cap) logits = [.. logits.Select(logit => cap * Math.Tanh(logit / cap))];
        var max = logits.Max();
        var log = max + Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
        return [.. logits.Select(logit => logit - log)];
    }

    private double[] Transform(double[] state, int layer) => architecture.Stack[layer].ExitTransform switch
    {
        ExitMap => Linear(new(TensorRole.ExitMap, layer), Normed(state, architecture.Head.Norm!)),
        ExitFeedForward own => Add(state, Network(own.Network, new(TensorRole.ExitUp, layer), TensorRole.ExitGate, TensorRole.ExitDown, Norm(state, TensorRole.ExitFeedForwardNorm, layer, own.Norm))),
        _ => state,
    };

    private double[] Attend(int layer, double[] queries, int position)
    {
        var a = architecture.Stack[layer].Attention;
        var (d, group) = (a.HeadDim, a.Heads / a.KvHeads);
        var first = a.Window is { } window ? Math.Max(0, position - window + 1) : 0;
        var result = new double[a.QuerySize];
        for (var head = 0; head < a.Heads; head++)
        {
            var at = head / group * d;
            var scores = keys[layer].Skip(first).Select(key => Enumerable.Range(0, d).Sum(i => queries[head * d + i] * key[at + i]) * a.Scale).ToArray();
            if (a.SoftCap is { } cap) scores = [.. scores.Select(score => cap * Math.Tanh(score / cap))];
            var max = scores.Max();
            var total = scores.Sum(score => Math.Exp(score - max));
            for (var t = 0; t < scores.Length; t++)
                for (var i = 0; i < d; i++) result[head * d + i] += Math.Exp(scores[t] - max) / total * values[layer][first + t][at + i];
        }

        return result;
    }

    // Queries or keys, normed and turned.
    private double[] Heads(TensorRole role, TensorRole norm, int layer, double[] normed, int position)
    {
        var a = architecture.Stack[layer].Attention;
        var heads = Linear(new(role, layer), normed);
        if (a.QueryKeyNorm is { } layout)
        {
            var size = a.NormsWholeProjection ? heads.Length : a.HeadDim;
            heads = [.. heads.Chunk(size).SelectMany(head => Norm(head, norm, layer, layout))];
        }

        return a.Rotary is { } rotary ? Rotate(heads, position, rotary, a.HeadDim) : heads;
    }

    private static double[] Rotate(double[] heads, int position, RotaryLayout rotary, int headDim)
    {
        var half = rotary.Dimensions / 2;
        var frequencies = rotary.InverseFrequencies(position + 1);
        var result = heads.ToArray();
        for (var start = 0; start < heads.Length; start += headDim)
        {
            for (var i = 0; i < half; i++)
            {
                var (sin, cos) = Math.SinCos(position * frequencies[i]);
                var (x, y) = (heads[start + i] * rotary.Scaling.AttentionFactor, heads[start + half + i] * rotary.Scaling.AttentionFactor);
                result[start + i] = x * cos - y * sin;
                result[start + half + i] = y * cos + x * sin;
            }
        }

        return result;
    }

    // What has no such norm stays as it is.
    private double[] Norm(double[] x, TensorRole role, int layer, NormLayout layout)
    {
        if (W(new(role, layer)) is not { } weight) return x;
        var offset = layout.Kind == NormKind.RmsOffset ? 1 : 0;
        var bias = W(new(role, layer, Part: TensorPart.Bias));
        return [.. Normed(x, layout).Select((v, i) => v * (weight[i] + offset) + (bias?[i] ?? 0))];
    }

    private static double[] Normed(double[] x, NormLayout layout)
    {
        var mean = layout.Kind == NormKind.Layer ? x.Average() : 0;
        var inverse = 1 / Math.Sqrt(x.Sum(v => (v - mean) * (v - mean)) / x.Length + layout.Epsilon);
        return [.. x.Select(v => (v - mean) * inverse)];
    }

    private double[] Linear(TensorKey key, double[] x)
    {
        var y = Product(W(key)!, x);
        return W(key with { Part = TensorPart.Bias }) is { } bias ? Add(y, bias) : y;
    }

    private static double[] Product(double[] matrix, double[] x)
    {
        var y = new double[matrix.Length / x.Length];
        for (var row = 0; row < y.Length; row++)
            for (var k = 0; k < x.Length; k++) y[row] += matrix[row * x.Length + k] * x[k];
        return y;
    }

    private static double[] Add(double[] left, double[] right) => [.. left.Zip(right, (a, b) => a + b)];

    private double[]? W(TensorKey key)
    {
        if (!weights.TryGetValue(key, out var held)) weights[key] = held = checkpoint.Values(key);
        return held;
    }
}
