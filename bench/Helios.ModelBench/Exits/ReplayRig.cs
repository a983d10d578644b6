using Helios.Cli.Benching;
using Helios.ModelBench.Texts;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Serving.Decoding;

namespace Helios.ModelBench.Exits;

/// <summary>Replays held-out texts under exit policies, straight on the backend.</summary>
internal sealed class ReplayRig : IDisposable
{
    private const int MostRows = 512;

    private readonly IKvStore kv;
    private readonly ILayeredModel device;
    private readonly KvBlock[] table;
    private readonly int maxRows;

    /// <param name="model">The model, loaded to the depth that is served.</param>
    /// <param name="depth">That depth.</param>
    /// <param name="longest">Tokens of the longest text.</param>
    /// <exception cref="HeliosException">The budget does not hold KV and activations.</exception>
    public ReplayRig(BenchedModel model, int depth, int longest)
    {
        maxRows = Math.Min(longest, MostRows);
        (kv, table) = model.CreateKv(depth, RigSize.BlocksFor(longest), Invariant($"KV of {longest} tokens"));
        try
        {
            device = model.Compose(kv, maxRows);
        }
        catch
        {
            kv.Dispose();
            throw;
        }
    }

    /// <summary>Every position of every text that has a token behind it; its first token is its prompt.</summary>
    public ReplayTally Replay(HeldOut texts, ReplayedPoint point, CancellationToken cancellationToken)
    {
        var replay = new PolicyReplay(device, point, maxRows);
        var tally = new ReplayTally();
        foreach (var ids in texts.Sequences)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var found = new ReplayedToken[ids.Length];
            replay.Run(ids, promptLength: 1, table, found);
            tally.Add(found.AsSpan(0, ids.Length - 1));
        }

        return tally;
    }

    public void Dispose()
    {
        device.Dispose();
        kv.Dispose();
    }
}

/// <summary>What a policy made of the texts, position by position.</summary>
internal sealed class ReplayTally
{
    private readonly List<ReplayedToken> tokens = [];

    public double Nats => -tokens.Sum(token => (double)token.LogProbability);

    public double MeanDepth => tokens.Average(token => token.Depth);

    /// <summary>Share of tokens that left at each depth, by depth.</summary>
    public SortedDictionary<int, double> Shares =>
        new(tokens.GroupBy(token => token.Depth).ToDictionary(left => left.Key, left => left.Count() / (double)tokens.Count));

    public void Add(ReadOnlySpan<ReplayedToken> found) => tokens.AddRange(found);

    /// <summary>Share of positions with the same top token.</summary>
    public double AgreementWith(ReplayTally other) =>
        tokens.Zip(other.tokens).Count(pair => pair.First.TopId == pair.Second.TopId) / (double)tokens.Count;
}
