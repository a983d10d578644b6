using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Serving;

/// <summary>
/// What the serving loop tells upwards. It is called on the device thread: implementations only write numbers down, and
/// allocate nothing per step or token.
/// </summary>
internal interface IServingObserver
{
    /// <summary>A step of one model ran.</summary>
    void StepRan(ServedModel model, in StepTiming timing);

    /// <summary>A token was emitted at a depth below full, or at full depth with confidence 1.</summary>
    void TokenEmitted(Sequence sequence, int depth, float confidence);

    /// <summary>A sequence ended; it holds no KV any more.</summary>
    void SequenceEnded(Sequence sequence, StreamEnd how, StreamEndKind kind);
}

/// <summary>Tells several observers, in order.</summary>
internal sealed class ServingObservers(params IReadOnlyList<IServingObserver> observers) : IServingObserver
{
    private readonly IServingObserver[] observers = [.. observers];

    public void StepRan(ServedModel model, in StepTiming timing)
    {
        foreach (var observer in observers) observer.StepRan(model, timing);
    }

    public void TokenEmitted(Sequence sequence, int depth, float confidence)
    {
        foreach (var observer in observers) observer.TokenEmitted(sequence, depth, confidence);
    }

    public void SequenceEnded(Sequence sequence, StreamEnd how, StreamEndKind kind)
    {
        foreach (var observer in observers) observer.SequenceEnded(sequence, how, kind);
    }
}

/// <summary>How a sequence ended, as far as counting goes.</summary>
internal enum StreamEndKind
{
    /// <summary>Its answer is whole.</summary>
    Completed,

    /// <summary>Its caller lost interest.</summary>
    Cancelled,

    /// <summary>It could not be served.</summary>
    Failed,
}
