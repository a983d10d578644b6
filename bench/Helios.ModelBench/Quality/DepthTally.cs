using Helios.Sdk.ExitPolicies;

namespace Helios.ModelBench.Quality;

/// <summary>What a depth makes of held-out texts, position by position.</summary>
internal sealed class DepthTally(int predicted)
{
    private readonly int[] topIds = new int[predicted];
    private int count;

    /// <summary>Sum of -ln p of what came next.</summary>
    public double Nats { get; private set; }

    public void Add(ReadOnlySpan<ExitSignal> signals)
    {
        foreach (ref readonly var signal in signals)
        {
            topIds[count++] = signal.TopId;
            Nats -= signal.TargetLogProbability;
        }
    }

    /// <summary>Share of positions with the same top token.</summary>
    public double AgreementWith(DepthTally other) =>
        topIds.Zip(other.topIds).Count(pair => pair.First == pair.Second) / (double)topIds.Length;
}
