namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>The latest finished texts kept for scoring, so that all candidates are compared on the same ones. Thread-safe.</summary>
/// <param name="capacity">Texts kept.</param>
internal sealed class RecentTexts(int capacity)
{
    private readonly Lock gate = new();
    private readonly Queue<FinishedText> texts = new(capacity);

    /// <summary>The texts, oldest first.</summary>
    public IReadOnlyList<FinishedText> Snapshot
    {
        get { lock (gate) return [.. texts]; }
    }

    /// <summary>Whether a text is still kept.</summary>
    public bool Has(long request)
    {
        lock (gate) return texts.Any(text => text.Id.Value == request);
    }

    public void Clear()
    {
        lock (gate) texts.Clear();
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
