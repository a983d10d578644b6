using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Serving;

/// <summary>
/// What the serving loop reports upwards. It is called on the device thread: implementations only write numbers down, and
/// allocate nothing per step or token.
/// </summary>
internal interface IServingObserver
{
    /// <summary>A request has come, and waits.</summary>
    void RequestArrived(Sequence sequence);

    /// <summary>A step of one model ran, while so many requests waited.</summary>
    void StepRan(ServedModel model, in StepTiming timing, int waiting);

    /// <summary>A token was emitted at a depth below full, or at full depth with confidence 1.</summary>
    void TokenEmitted(Sequence sequence, int depth, float confidence);

    /// <summary>A sequence ended; it holds no KV any more.</summary>
    void SequenceEnded(Sequence sequence, RequestOutcome outcome);
}

/// <summary>Forwards to several observers, in order.</summary>
internal sealed class ServingObservers(params IReadOnlyList<IServingObserver> observers) : IServingObserver
{
    private readonly IServingObserver[] observers = [.. observers];

    public void RequestArrived(Sequence sequence)
    {
        foreach (var observer in observers) observer.RequestArrived(sequence);
    }

    public void StepRan(ServedModel model, in StepTiming timing, int waiting)
    {
        foreach (var observer in observers) observer.StepRan(model, timing, waiting);
    }

    public void TokenEmitted(Sequence sequence, int depth, float confidence)
    {
        foreach (var observer in observers) observer.TokenEmitted(sequence, depth, confidence);
    }

    public void SequenceEnded(Sequence sequence, RequestOutcome outcome)
    {
        foreach (var observer in observers) observer.SequenceEnded(sequence, outcome);
    }
}
