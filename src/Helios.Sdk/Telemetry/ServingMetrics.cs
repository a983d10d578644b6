using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Telemetry;

/// <summary>
/// Requests, tokens and steps as metrics: the GenAI semantic conventions of OpenTelemetry for servers, and what they have no
/// name for under <c>helios.</c>. Instruments that no listener has cost a branch, and none allocates. Tenants are no tags: there may
/// be any number.
/// </summary>
internal sealed class ServingMetrics : IServingObserver
{
    /// <summary>What the conventions call a value that is none of those known.</summary>
    private const string Other = "_OTHER";

    private readonly FrozenDictionary<string, string> models;
    private readonly TimeProvider time;
    private readonly Histogram<double> duration;
    private readonly Histogram<double> timeToFirstToken;
    private readonly Histogram<double> timePerOutputToken;
    private readonly Histogram<double> queueTime;
    private readonly Histogram<double> stepTime;
    private readonly Histogram<int> batch;
    private readonly Histogram<int> exitDepth;
    private readonly Counter<long> generated;

    /// <summary>The first three have the buckets that the conventions advise.</summary>
    /// <param name="meter">What measures.</param>
    /// <param name="models">Names of the pool: callers may ask for any, and a tag has few values.</param>
    /// <param name="time">The clock.</param>
    public ServingMetrics(EngineMeter meter, IEnumerable<string> models, TimeProvider time)
    {
        this.models = models.ToFrozenDictionary(name => name, StringComparer.OrdinalIgnoreCase);
        this.time = time;
        duration = meter.Distribute("gen_ai.server.request.duration", "s", "Time from submission of a request to its end.", 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92);
        timeToFirstToken = meter.Distribute("gen_ai.server.time_to_first_token", "s", "Time from submission of a request to its first token.", 0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0);
        timePerOutputToken = meter.Distribute("gen_ai.server.time_per_output_token", "s", "Mean time of a token after the first, of whole answers.", 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5);
        queueTime = meter.Distribute("helios.queue.duration", "s", "Time that a started request waited in the queue.", 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0);
        stepTime = meter.Distribute("helios.step.duration", "s", "Time of a step of one model.", 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0);
        batch = meter.Distribute("helios.batch.size", "{sequence}", "Sequences that got a token in a step.", 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512);
        exitDepth = meter.Distribute("helios.exit.depth", "{layer}", "Layers that a token ran through.", 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 64, 80, 96, 128);
        generated = meter.Count("helios.tokens.generated", "{token}", "Tokens generated.");
    }

    public void RequestArrived(Sequence sequence)
    {
    }

    public void StepRan(ServedModel model, in StepTiming timing, int waiting)
    {
        if (!stepTime.Enabled && !batch.Enabled) return;
        var tag = ResponseModel(model.Info.Name);
        stepTime.Record(timing.Times.Total, tag);
        batch.Record(timing.Sequences, tag);
    }

    public void TokenEmitted(Sequence sequence, int depth, float confidence)
    {
        var isFirst = sequence.Answer.Length == 1;
        if (!isFirst && !exitDepth.Enabled && !generated.Enabled) return;
        var tag = ResponseModel(sequence.Route!.Point.Target.Model);
        generated.Add(1, tag);
        exitDepth.Record(depth, tag);
        if (!isFirst) return;

        if (queueTime.Enabled) queueTime.Record(Seconds(sequence.ArrivedAt, sequence.StartedAt!.Value), tag);
        if (timeToFirstToken.Enabled) timeToFirstToken.Record(Seconds(sequence.ArrivedAt, sequence.Output.FirstTokenAt), TagsOf(sequence.Request, sequence.Route.Point));
    }

    public void SequenceEnded(Sequence sequence, RequestOutcome outcome)
    {
        if (!duration.Enabled && !timePerOutputToken.Enabled) return;
        var tags = TagsOf(sequence.Request, sequence.Route?.Point);
        if (outcome.IsCompleted && sequence.Answer.Length > 1)
            timePerOutputToken.Record(Seconds(sequence.Output.FirstTokenAt, sequence.Output.LastTokenAt) / (sequence.Answer.Length - 1), tags);
        if (outcome.Error is { } error) tags.Add("error.type", error.GetType().FullName);
        duration.Record(Seconds(sequence.ArrivedAt, time.GetTimestamp()), tags);
    }

    /// <summary>Any thread: a request was refused before it was queued.</summary>
    public void TurnedAway(GenerationRequest request, long arrivedAt, Exception error)
    {
        if (!duration.Enabled) return;
        var tags = TagsOf(request, point: null);
        tags.Add("error.type", error.GetType().FullName);
        duration.Record(Seconds(arrivedAt, time.GetTimestamp()), tags);
    }

    private TagList TagsOf(GenerationRequest request, OperatingPoint? point)
    {
        var tags = new TagList
        {
            { "gen_ai.operation.name", HeliosTelemetry.OperationOf(request) },
            { "gen_ai.provider.name", HeliosTelemetry.Provider },
        };
        if (request.Model is { } asked) tags.Add("gen_ai.request.model", models.GetValueOrDefault(asked, Other));
        if (point is not null) tags.Add(ResponseModel(point.Target.Model));
        return tags;
    }

    private static KeyValuePair<string, object?> ResponseModel(string name) => new("gen_ai.response.model", name);

    private double Seconds(long from, long to) => time.GetElapsedTime(from, to).TotalSeconds;
}
