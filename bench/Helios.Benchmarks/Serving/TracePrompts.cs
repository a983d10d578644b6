using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using Helios.Cli.Errors;
using Helios.Sdk.Tokenization;

namespace Helios.Benchmarks.Serving;

/// <summary>
/// A trace as prompts for <c>helios run</c>: its arrivals, its lengths scaled to a model's context (three quarters for
/// prompts, one for answers), its content cut from other texts, since a trace has none.
/// </summary>
internal sealed class TracePrompts
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ImmutableArray<Line> lines;

    public TracePrompts(Trace trace, IReadOnlyList<string> texts, ITokenizer tokenizer, int context)
    {
        Trace = trace;
        PromptScale = new LengthScale(trace.Requests.Select(request => request.PromptTokens), context - context / 4);
        AnswerScale = new LengthScale(trace.Requests.Select(request => request.AnswerTokens), context / 4);
        var ring = new TextRing(texts, tokenizer);
        lines = [.. trace.Requests.Select(request => new Line(
            ring.Cut(PromptScale.Scale(request.PromptTokens)),
            AnswerScale.Scale(request.AnswerTokens),
            (request.At - trace.Requests[0].At).TotalMilliseconds))];
    }

    public Trace Trace { get; }

    public LengthScale PromptScale { get; }

    public LengthScale AnswerScale { get; }

    /// <summary>Writes the first requests of the trace.</summary>
    /// <exception cref="FileException">The trace has fewer.</exception>
    public void Write(string path, int count)
    {
        if (count > lines.Length) throw new FileException($"Trace '{Trace.Name}' has {lines.Length} requests; {count} are needed.");
        File.WriteAllLines(path, lines.Take(count).Select(line => JsonSerializer.Serialize(line, Json)));
    }

    private sealed record Line(string Prompt, int MaxTokens, double AtMs);
}
