using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Support;

/// <summary>
/// A plain float64 model, a token at a time: each token runs to a depth of its own, and leaves keys and values for the
/// layers above from the state it left with.
/// </summary>
public sealed class ReferenceModel
{
    private readonly MemoryCheckpoint checkpoint;
    private readonly ModelArchitecture shape;
    private readonly Dictionary<(TensorRole, int), double[]?> weights = [];
    private readonly double[] frequencies;
    private readonly List<double[]>[] keys;
    private readonly List<double[]>[] values;

    public ReferenceModel(MemoryCheckpoint checkpoint)
    {
        this.checkpoint = checkpoint;
        shape = checkpoint.Info.Architecture;
        frequencies = shape.RopeScaling.InverseFrequencies(shape.HeadDim, shape.RopeTheta);
        keys = [.. Enumerable.Range(0, shape.Layers).Select(_ => new List<double[]>())];
        values = [.. Enumerable.Range(0, shape.Layers).Select(_ => new List<double[]>())];
    }

    /// <summary>Runs the next token of the sequence to a depth, filling KV up to another; returns log probabilities there.</summary>
    public double[] Step(int token, int depth, int kvDepth) => StepAll(token, depth, kvDepth)[^1];

    /// <summary>The same; log probabilities at every depth from 1 on.</summary>
    public List<double[]> StepAll(int token, int depth, int kvDepth)
    {
        var position = keys[0].Count;
        var state = W(TensorRole.Embedding).AsSpan(token * shape.HiddenSize, shape.HiddenSize).ToArray();
        var exits = new List<double[]>();
        for (var layer = 0; layer < kvDepth; layer++)
        {
            var normed = Norm(state, W(TensorRole.AttentionNorm, layer));
            keys[layer].Add(Rotate(Product(W(TensorRole.Key, layer), normed), position));
            values[layer].Add(Product(W(TensorRole.Value, layer), normed));
            if (layer >= depth) continue;
            var attended = Attend(layer, Rotate(Product(W(TensorRole.Query, layer), normed), position));
            state = Add(state, Product(W(TensorRole.AttentionOutput, layer), attended));
            normed = Norm(state, W(TensorRole.FeedForwardNorm, layer));
            var gate = Product(W(TensorRole.Gate, layer), normed);
            var up = Product(W(TensorRole.Up, layer), normed);
            for (var i = 0; i < gate.Length; i++) gate[i] = gate[i] / (1 + Math.Exp(-gate[i])) * up[i];
            state = Add(state, Product(W(TensorRole.Down, layer), gate));
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

    private double[] LogProbabilities(double[] state, int depth)
    {
        var norm = checkpoint.Values(TensorRole.ExitNorm, depth - 1) ?? W(TensorRole.FinalNorm);
        var head = checkpoint.Values(TensorRole.ExitHead, depth - 1) ?? W(TensorRole.Head);
        var logits = Product(head, Norm(state, norm));
        var max = logits.Max();
        var log = max + Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
        return [.. logits.Select(logit => logit - log)];
    }

    private double[] Attend(int layer, double[] queries)
    {
        var (d, group) = (shape.HeadDim, shape.Heads / shape.KvHeads);
        var result = new double[shape.QuerySize];
        for (var head = 0; head < shape.Heads; head++)
        {
            var at = head / group * d;
            var scores = keys[layer].Select(key => Enumerable.Range(0, d).Sum(i => queries[head * d + i] * key[at + i]) / Math.Sqrt(d)).ToArray();
            var max = scores.Max();
            var total = scores.Sum(score => Math.Exp(score - max));
            for (var t = 0; t < scores.Length; t++)
                for (var i = 0; i < d; i++) result[head * d + i] += Math.Exp(scores[t] - max) / total * values[layer][t][at + i];
        }

        return result;
    }

    private double[] Rotate(double[] heads, int position)
    {
        var (d, half) = (shape.HeadDim, shape.HeadDim / 2);
        var result = new double[heads.Length];
        for (var start = 0; start < heads.Length; start += d)
        {
            for (var i = 0; i < half; i++)
            {
                var (sin, cos) = Math.SinCos(position * frequencies[i]);
                var (x, y) = (heads[start + i], heads[start + half + i]);
                result[start + i] = x * cos - y * sin;
                result[start + half + i] = y * cos + x * sin;
            }
        }

        return result;
    }

    private double[] Norm(double[] x, double[] weight)
    {
        var inverse = 1 / Math.Sqrt(x.Sum(v => v * v) / x.Length + shape.NormEpsilon);
        return [.. x.Select((v, i) => v * inverse * weight[i])];
    }

    private static double[] Product(double[] matrix, double[] x)
    {
        var y = new double[matrix.Length / x.Length];
        for (var row = 0; row < y.Length; row++)
            for (var k = 0; k < x.Length; k++) y[row] += matrix[row * x.Length + k] * x[k];
        return y;
    }

    private static double[] Add(double[] left, double[] right) => [.. left.Zip(right, (a, b) => a + b)];

    private double[] W(TensorRole role, int layer = -1)
    {
        if (!weights.TryGetValue((role, layer), out var values)) weights[(role, layer)] = values = checkpoint.Values(role, layer);
        return values!;
    }
}
