using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Helios.Sdk.Serving.Requests;

namespace Helios.Sdk.Telemetry;

/// <summary>
/// A request as an activity, by the GenAI semantic conventions: from submission until its answer was read. Prompt and
/// answer are in it only if <see cref="TelemetryOptions.CaptureContent"/> says so. Belongs to the reader of the answer.
/// </summary>
internal sealed class RequestTrace
{
    private readonly Activity activity;
    private readonly StringBuilder? answer;
    private bool ended;

    private RequestTrace(Activity activity, bool capturesContent)
    {
        this.activity = activity;
        answer = capturesContent ? new StringBuilder() : null;
    }

    /// <summary>Begins one; null without a listener. It is not made the current activity: nothing that it causes runs in the caller's context.</summary>
    public static RequestTrace? Start(GenerationRequest request, string engine, bool capturesContent)
    {
        if (!HeliosTelemetry.Source.HasListeners()) return null;
        var operation = HeliosTelemetry.OperationOf(request);
        var name = request.Model is { } model ? $"{operation} {model}" : operation;
        var caller = Activity.Current;
        var activity = HeliosTelemetry.Source.StartActivity(name);
        Activity.Current = caller;
        if (activity is null) return null;

        var trace = new RequestTrace(activity, capturesContent);
        if (engine.Length > 0) activity.SetTag(HeliosTelemetry.EngineTag, engine);
        if (activity.IsAllDataRequested) trace.Describe(request);
        return trace;
    }

    /// <summary>A piece of the answer was read.</summary>
    public void Read(string piece) => answer?.Append(piece);

    /// <summary>It ended without ever being queued.</summary>
    public void TurnAway(Exception error)
    {
        Fail(error);
        Stop();
    }

    /// <summary>It ended: as an answer, by an error, or because its reader left, which is neither.</summary>
    public void End(Sequence sequence, FinishReason? finish, Exception? error)
    {
        if (ended) return;
        if (activity.IsAllDataRequested) Describe(sequence, finish);
        if (error is not null) Fail(error);
        Stop();
    }

    private void Stop()
    {
        ended = true;
        activity.Dispose();
    }

    private void Fail(Exception error)
    {
        activity.SetTag("error.type", error.GetType().FullName);
        activity.SetStatus(ActivityStatusCode.Error, error.Message);
    }

    private void Describe(GenerationRequest request)
    {
        activity.SetTag("gen_ai.operation.name", HeliosTelemetry.OperationOf(request));
        activity.SetTag("gen_ai.provider.name", HeliosTelemetry.Provider);
        if (request.Model is { } model) activity.SetTag("gen_ai.request.model", model);
        if (request.MaxTokens is { } most) activity.SetTag("gen_ai.request.max_tokens", most);
        if (request.Sampling.Temperature is { } temperature) activity.SetTag("gen_ai.request.temperature", temperature);
        if (request.Sampling.TopK is > 0 and var topK) activity.SetTag("gen_ai.request.top_k", topK);
        if (request.Sampling.TopP is < 1 and var topP) activity.SetTag("gen_ai.request.top_p", topP);
        if (request.Sampling.PresencePenalty != 0) activity.SetTag("gen_ai.request.presence_penalty", request.Sampling.PresencePenalty);
        if (request.Sampling.FrequencyPenalty != 0) activity.SetTag("gen_ai.request.frequency_penalty", request.Sampling.FrequencyPenalty);
        if (request.Sampling.Seed is { } seed) activity.SetTag("gen_ai.request.seed", seed);
        if (answer is null) return;
        if (request.Stop.Count > 0) activity.SetTag("gen_ai.request.stop_sequences", request.Stop.ToArray());
        if (request.Prompt is { } prompt) activity.SetTag("gen_ai.input.messages", Messages([new ChatTurn("user", prompt)], finish: null));
        if (request.Messages is { } turns) activity.SetTag("gen_ai.input.messages", Messages(turns, finish: null));
    }

    private void Describe(Sequence sequence, FinishReason? finish)
    {
        if (sequence.Route?.Point is { } point)
        {
            activity.SetTag("gen_ai.response.model", point.Target.Model);
            activity.SetTag("helios.point", point.ToString());
            activity.SetTag("helios.depth", point.Target.Depth);
        }

        var generated = sequence.Output.Progress.Count;
        activity.SetTag("gen_ai.usage.input_tokens", sequence.PromptLength);
        activity.SetTag("gen_ai.usage.output_tokens", generated);
        activity.SetTag("helios.prompt.cached_tokens", sequence.CachedPromptTokens);
        if (generated > 0) activity.SetTag("helios.exit.depth.mean", Enumerable.Range(0, generated).Average(i => sequence.Output[i].Depth));
        var reason = finish is { } ended ? HeliosTelemetry.NameOf(ended) : null;
        if (reason is not null) activity.SetTag("gen_ai.response.finish_reasons", new[] { reason });
        if (answer is not null) activity.SetTag("gen_ai.output.messages", Messages([new ChatTurn("assistant", answer.ToString())], reason));
    }

    /// <summary>Messages in the JSON that the conventions lay down.</summary>
    private static string Messages(IEnumerable<ChatTurn> turns, string? finish)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var turn in turns)
            {
                json.WriteStartObject();
                json.WriteString("role", turn.Role);
                json.WriteStartArray("parts");
                json.WriteStartObject();
                json.WriteString("type", "text");
                json.WriteString("content", turn.Content);
                json.WriteEndObject();
                json.WriteEndArray();
                if (finish is not null) json.WriteString("finish_reason", finish);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
