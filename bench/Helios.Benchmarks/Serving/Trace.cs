using System.Collections.Immutable;
using System.Globalization;
using Helios.Cli.Errors;

namespace Helios.Benchmarks.Serving;

/// <summary>A request of a trace: when it came, and tokens of its prompt and answer.</summary>
internal readonly record struct TraceRequest(DateTime At, int PromptTokens, int AnswerTokens);

/// <summary>Requests that a real service had, in the format of the Azure LLM inference traces of 2023.</summary>
/// <param name="Name">What the traces of the set differ in: <c>conv</c>, <c>code</c>.</param>
/// <param name="Requests">In order of arrival.</param>
internal sealed record Trace(string Name, ImmutableArray<TraceRequest> Requests)
{
    private const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";

    /// <exception cref="FileException">The file is no such trace; the message names the line.</exception>
    public static Trace Read(string path)
    {
        var lines = File.ReadLines(path).Select(line => line.Trim()).ToList();
        if (lines.Count == 0 || lines[0] != Header) throw new FileException($"{path}, line 1: the header is '{lines.FirstOrDefault()}'; expected {Header}.");
        var requests = lines.Index().Skip(1).Where(line => line.Item.Length > 0).Select(line => ReadLine($"{path}, line {line.Index + 1}", line.Item)).ToImmutableArray();
        if (requests.IsEmpty) throw new FileException($"{path}: there are no requests; expected one a line.");
        return new Trace(Path.GetFileNameWithoutExtension(path).Split('_')[^1], [.. requests.OrderBy(request => request.At)]);
    }

    private static TraceRequest ReadLine(string place, string line)
    {
        if (line.Split(',') is [var time, var prompt, var answer]
            && DateTime.TryParse(time, CultureInfo.InvariantCulture, out var at)
            && int.TryParse(prompt, NumberStyles.None, CultureInfo.InvariantCulture, out var promptTokens)
            && int.TryParse(answer, NumberStyles.None, CultureInfo.InvariantCulture, out var answerTokens))
            return new TraceRequest(at, promptTokens, answerTokens);
        throw new FileException($"{place}: '{line}' is no request; expected {Header}.");
    }
}
