using Helios.Sdk.Adaptation.Objectives;

namespace Helios.Sdk;

/// <summary>The built-in objectives, for <see cref="HeliosBuilderExtensions.Optimize{TBuilder}(TBuilder, ISloObjective)"/>; configuration names them instead. Stateless.</summary>
public static class SloObjectives
{
    /// <summary>Maximum answer tokens per second: <c>throughput</c>.</summary>
    public static ISloObjective Throughput { get; } = ObjectiveParser.Parse("throughput");

    /// <summary>Minimum time per output token at present demand: <c>latency</c>.</summary>
    public static ISloObjective Latency { get; } = ObjectiveParser.Parse("latency");

    /// <summary>Minimum time to the first token: <c>ttft</c>.</summary>
    public static ISloObjective TimeToFirstToken { get; } = ObjectiveParser.Parse("ttft");

    /// <summary>Minimum joules per token: <c>energy</c>. Needs a meter.</summary>
    public static ISloObjective Energy { get; } = ObjectiveParser.Parse("energy");

    /// <summary>Minimum bytes: <c>memory</c>.</summary>
    public static ISloObjective Memory { get; } = ObjectiveParser.Parse("memory");

    /// <summary>Minimum bits per byte within limits: <c>quality[:bytes=..,ttft=..,tpot=..]</c>.</summary>
    /// <param name="maxBytes">Maximum bytes for weights, workspace and one sequence, above 0; null for no limit.</param>
    /// <param name="maxTimeToFirstToken">Maximum time to the first token, above 0; null for no limit.</param>
    /// <param name="maxTimePerOutputToken">Maximum time for each further token, above 0; null for no limit.</param>
    /// <exception cref="ArgumentException">A limit is 0 or less.</exception>
    public static ISloObjective Quality(long? maxBytes = null, TimeSpan? maxTimeToFirstToken = null, TimeSpan? maxTimePerOutputToken = null)
    {
        string?[] limits =
        [
            maxBytes is { } bytes ? Invariant($"bytes={bytes}") : null,
            maxTimeToFirstToken is { } ttft ? $"ttft={Text(ttft)}" : null,
            maxTimePerOutputToken is { } tpot ? $"tpot={Text(tpot)}" : null,
        ];
        var given = string.Join(',', limits.OfType<string>());
        return ObjectiveParser.Parse(given.Length == 0 ? "quality" : $"quality:{given}");
    }

    /// <summary>Maximum tokens per second of requests within both limits: <c>goodput:ttft=..,tpot=..</c>.</summary>
    /// <param name="timeToFirstToken">Maximum time to the first token of a request that joins the batch at once, above 0.</param>
    /// <param name="timePerOutputToken">Maximum time for each further token, above 0.</param>
    /// <exception cref="ArgumentException">A limit is 0 or less.</exception>
    public static ISloObjective Goodput(TimeSpan timeToFirstToken, TimeSpan timePerOutputToken) =>
        ObjectiveParser.Parse($"goodput:ttft={Text(timeToFirstToken)},tpot={Text(timePerOutputToken)}");

    /// <summary>Parses an objective name, as in configuration: <c>throughput</c>, <c>quality:bytes=48MiB</c>, <c>goodput:ttft=500ms,tpot=50ms</c>.</summary>
    /// <param name="name">Its name, as in <see cref="ISloObjective.Name"/>; case-insensitive.</param>
    /// <exception cref="InvalidOptionException">No built-in objective has this name, or its limits are missing or wrong; the fault lists the known names.</exception>
    public static ISloObjective Parse(string name) => ObjectiveParser.Parse(name);

    private static string Text(TimeSpan time) => Invariant($"{time.TotalMilliseconds}ms");
}
