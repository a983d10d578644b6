using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk.Tests.Serving.Fakes;

/// <summary>
/// A transformer made of hashes: the state of a token is a function of every token before it, of their positions and of the
/// depth each ran to. One block mixed up, one token lost, one depth replayed wrongly, and everything after it differs.
/// </summary>
internal static class FakeMath
{
    public const int Vocabulary = 64;

    public static ulong Embed(int token, int position) => Mix((ulong)token + 1, (ulong)position + 1);

    /// <summary>What a layer keeps of a token.</summary>
    public static ulong Kv(ulong state, int layer) => Mix(state, (ulong)layer + 1000);

    /// <summary>A kept token's part in what later ones see.</summary>
    public static ulong Seen(ulong kv, int position) => Mix(kv, (ulong)position + 7);

    public static ulong Next(ulong state, ulong seen) => Mix(state, seen);

    /// <summary>What signals and draws of a row are made from: its state, or for an easy row what is the same at every depth.</summary>
    public static ulong Voice(ulong state, int token, int position, int easyPercent)
    {
        var easy = Mix(Embed(token, position), 55);
        return easy % 100 < (ulong)easyPercent ? easy : state;
    }

    public static ExitSignal Signal(ulong state)
    {
        var top1 = (Mix(state, 99) >> 40) * (1f / (1 << 24));
        return new ExitSignal { TopId = (int)(Mix(state, 77) % Vocabulary), Top1 = top1, Margin = top1 / 2, Entropy = 1 - top1 };
    }

    public static int Draw(ulong state, float temperature, double uniform)
    {
        var top = Signal(state).TopId;
        return temperature == 0 ? top : (top + (int)(uniform * Vocabulary)) % Vocabulary;
    }

    /// <summary>Logits in [-2, 2], but for the top token's of 2.5: small enough that penalties decide.</summary>
    public static void Logits(ulong state, Span<float> logits)
    {
        for (var id = 0; id < Vocabulary; id++) logits[id] = (Mix(state, (ulong)id + 2000) >> 40) * (4f / (1 << 24)) - 2;
        logits[Signal(state).TopId] = 2.5f;
    }

    /// <summary>Draws from logits as they were left: the likeliest, or where the sum of weights in order of id passes the draw.</summary>
    public static int DrawFrom(ReadOnlySpan<float> logits, float temperature, double uniform)
    {
        var top = 0;
        for (var id = 1; id < logits.Length; id++) top = logits[id] > logits[top] ? id : top;
        if (temperature == 0) return top;
        var total = 0d;
        foreach (var logit in logits) total += Math.Exp((double)(logit - logits[top]) / temperature);
        var (target, sum) = (uniform * total, 0d);
        for (var id = 0; id < logits.Length; id++)
        {
            sum += Math.Exp((double)(logits[id] - logits[top]) / temperature);
            if (sum > target) return id;
        }

        return top;
    }

    /// <summary>Natural log of a token's probability.</summary>
    public static float LogProbability(ReadOnlySpan<float> logits, int token)
    {
        var total = 0d;
        foreach (var logit in logits) total += Math.Exp(logit);
        return (float)(logits[token] - Math.Log(total));
    }

    private static ulong Mix(ulong a, ulong b)
    {
        var z = unchecked(a + b * 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return z ^ (z >> 31);
    }
}

/// <summary>The same transformer over one sequence alone, without blocks, batches or steps: what every answer is checked against.</summary>
internal sealed class FakeReference(int kvDepth)
{
    private readonly List<ulong>[] kv = [.. Enumerable.Range(0, kvDepth).Select(_ => new List<ulong>())];

    /// <summary>Share of easy rows, in percent.</summary>
    public int Easy { get; init; }

    /// <summary>Tokens that a layer sees, the newest included; null for all.</summary>
    public Func<int, int?> Window { get; init; } = _ => null;

    /// <summary>Decides where a generated token leaves; null lets none leave.</summary>
    public Func<int, ExitSignal, bool>? Leaves { get; init; }

    /// <summary>Changes the logits of the next token, given all before; null changes none.</summary>
    public Action<IReadOnlyList<int>, float[]>? Edit { get; init; }

    /// <summary>What a sequence must answer: tokens, and the depth of each.</summary>
    public (int[] Tokens, int[] Depths) Answer(IReadOnlyList<int> prompt, int count, float temperature = 0, Func<int, double>? uniform = null)
    {
        var tokens = new List<int>(prompt);
        var depths = new List<int>();
        var position = 0;
        while (depths.Count < count)
        {
            var (state, ranTo) = Run(tokens[position], position, mayLeave: position >= prompt.Count);
            if (++position < tokens.Count) continue;
            var voice = FakeMath.Voice(state, tokens[position - 1], position - 1, Easy);
            tokens.Add(Draw(voice, tokens, temperature, uniform?.Invoke(position - 1) ?? 0));
            depths.Add(ranTo);
        }

        return ([.. tokens.Skip(prompt.Count)], [.. depths]);
    }

    private int Draw(ulong state, List<int> tokens, float temperature, double uniform)
    {
        if (Edit is null) return FakeMath.Draw(state, temperature, uniform);
        var logits = new float[FakeMath.Vocabulary];
        FakeMath.Logits(state, logits);
        Edit(tokens, logits);
        return FakeMath.DrawFrom(logits, temperature, uniform);
    }

    private (ulong State, int RanTo) Run(int token, int position, bool mayLeave)
    {
        var state = FakeMath.Embed(token, position);
        var ranTo = kvDepth;
        for (var layer = 0; layer < kvDepth; layer++)
        {
            kv[layer].Add(FakeMath.Kv(state, layer));
            if (layer >= ranTo) continue;
            var seen = 0UL;
            for (var i = Math.Max(0, position - (Window(layer) ?? int.MaxValue) + 1); i <= position; i++) seen = unchecked(seen + FakeMath.Seen(kv[layer][i], i));
            state = FakeMath.Next(state, seen);
            if (mayLeave && layer + 1 < kvDepth && Leaves?.Invoke(layer + 1, FakeMath.Signal(FakeMath.Voice(state, token, position, Easy))) == true) ranTo = layer + 1;
        }

        return (state, ranTo);
    }
}
