using System.Collections.Immutable;
using Helios.Sdk;

namespace Helios.ModelBench.Soaking;

/// <summary>An answer as a client saw it.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="Point">What answered.</param>
/// <param name="Ids">Its tokens.</param>
/// <param name="Depths">Layers that each ran through.</param>
/// <param name="Text">Its text.</param>
/// <param name="Finish">How it ended; null when the client left before.</param>
internal sealed record SoakStream(GenerationRequest Request, OperatingPoint Point, ImmutableArray<int> Ids, ImmutableArray<int> Depths, string Text, FinishReason? Finish);

/// <summary>Keeps so many streams of all that are added, each as likely as any other. Thread-safe.</summary>
internal sealed class SoakSample(int capacity, int seed)
{
    private readonly Lock gate = new();
    private readonly Random random = new(seed);
    private readonly List<SoakStream> kept = [];

    /// <summary>Streams that were added.</summary>
    public int Count { get; private set; }

    public ImmutableArray<SoakStream> Kept
    {
        get { lock (gate) return [.. kept]; }
    }

    public void Add(SoakStream stream)
    {
        lock (gate)
        {
            Count++;
            if (kept.Count < capacity) kept.Add(stream);
            else if (random.Next(Count) is var place && place < capacity) kept[place] = stream;
        }
    }
}
