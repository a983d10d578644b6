using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Tests.Serving.Fakes;

/// <summary>Counts what the serving loop reports.</summary>
internal sealed class Observed : IServingObserver
{
    public int Steps { get; private set; }

    public int Tokens { get; private set; }

    /// <summary>Called for every token.</summary>
    public Action<Sequence>? OnToken { get; set; }

    public StepTiming Last { get; private set; }

    public List<(Sequence Sequence, RequestOutcome Outcome)> Ended { get; } = [];

    public int Arrived { get; private set; }

    public void RequestArrived(Sequence sequence) => Arrived++;

    public void StepRan(ServedModel model, in StepTiming timing, int waiting)
    {
        Steps++;
        Last = timing;
    }

    public void TokenEmitted(Sequence sequence, int depth, float confidence)
    {
        Tokens++;
        OnToken?.Invoke(sequence);
    }

    public void SequenceEnded(Sequence sequence, RequestOutcome outcome) => Ended.Add((sequence, outcome));
}

/// <summary>Takes the top-1 probability for what it is worth.</summary>
internal sealed class Top1Confidence : IConfidenceMap
{
    public ExitSignals Needs => ExitSignals.Top1;

    public float Map(int depth, in ExitSignal signal) => signal.Top1;
}
