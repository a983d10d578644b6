using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>Brings the telemetry, which knows no sequences, what the serving loop reports.</summary>
internal sealed class ServingObserver(ServingTelemetry telemetry) : IServingObserver
{
    public void RequestArrived(Sequence sequence) => telemetry.RequestArrived(sequence.MaxTokens);

    public void StepRan(ServedModel model, in StepTiming timing, int waiting) => telemetry.StepRan(model.Info.Name, timing, waiting);

    public void TokenEmitted(Sequence sequence, int depth, float confidence) =>
        telemetry.TokenEmitted(new EmittedToken(sequence.Route, sequence.Id.Value, sequence.TenantKey, depth, confidence));

    public void SequenceEnded(Sequence sequence, RequestOutcome outcome)
    {
        if (sequence.Route is not { } route) return;
        var completed = outcome.IsCompleted;
        if (telemetry.SequenceEnded(route, completed))
            telemetry.Keep(new FinishedText(sequence.Id, sequence.Tokens.ToArray(), sequence.PromptLength, route.Lease.Served.Tokenizer, route.Point));
        if (!completed) return;
        if (sequence.Answer.Length > 0) telemetry.Times.Add(sequence.ArrivedAt, sequence.Output.FirstTokenAt, sequence.Output.LastTokenAt, sequence.Answer.Length);
        telemetry.RequestCompleted(sequence.PromptLength, sequence.Known);
    }
}
