namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>The latest finished texts kept for scoring, so that all candidates are compared on the same ones. Thread-safe.</summary>
/// <param name="capacity">Texts kept.</param>
internal sealed class RecentTexts(int capacity)
{
    private readonly Lock gate = new();
    private readonly Queue<FinishedText> texts = new(capacity);
    private int traffic;

    /// <summary>Counts how often traffic was declared to be another: see <see cref="Clear"/>.</summary>
    public int Traffic => Volatile.Read(ref traffic);

    /// <summary>The texts now, oldest first; what comes after does not change them.</summary>
    public KeptTexts Keep()
    {
        lock (gate) return new KeptTexts(this, traffic, [.. texts]);
    }

    /// <summary>Forgets all texts: traffic is no longer what they are of.</summary>
    public void Clear()
    {
        lock (gate)
        {
            texts.Clear();
            traffic++;
        }
    }

    public void Add(FinishedText text)
    {
        lock (gate)
        {
            if (texts.Count == capacity) texts.Dequeue();
            texts.Enqueue(text);
        }
    }
}

/// <summary>Texts to be scored by every candidate.</summary>
/// <param name="Source">Where they come from.</param>
/// <param name="Traffic">The traffic they are of.</param>
/// <param name="Texts">The texts, oldest first.</param>
internal sealed record KeptTexts(RecentTexts Source, int Traffic, IReadOnlyList<FinishedText> Texts)
{
    /// <summary>Whether no breach has come in between.</summary>
    public bool AreOfPresentTraffic => Source.Traffic == Traffic;
}
