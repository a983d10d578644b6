using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk;

/// <summary>
/// Names of the SDK's meter and activity source, for <c>AddMeter</c> and <c>AddSource</c> of OpenTelemetry, or for a listener of your own.
/// </summary>
public static class HeliosTelemetry
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Helios.Sdk";

    /// <summary>Name of the activity source: an activity for every request, and one for every decision.</summary>
    public const string ActivitySourceName = "Helios.Sdk";

    /// <summary>What the GenAI conventions call this engine (<c>gen_ai.provider.name</c>).</summary>
    internal const string Provider = "helios";

    /// <summary>Category under which an engine logs.</summary>
    private const string LogCategory = "Helios.Sdk.HeliosEngine";

    internal static readonly string Version = typeof(HeliosTelemetry).Assembly.GetName().Version!.ToString(3);

    internal static readonly ActivitySource Source = new(ActivitySourceName, Version);

    /// <summary>The tag that names one of several engines, on its meter and its activities.</summary>
    internal const string EngineTag = "helios.engine";

    /// <summary>The logger of an engine: one of several has its name behind the category, so that a filter for the category is one for all.</summary>
    /// <param name="logging">Makes it.</param>
    /// <param name="engine">Its name; empty for the one without.</param>
    internal static ILogger LoggerOf(ILoggerFactory logging, string engine) =>
        logging.CreateLogger(engine.Length == 0 ? LogCategory : $"{LogCategory}.{engine}");

    /// <summary>What the GenAI conventions call what a request asks for (<c>gen_ai.operation.name</c>).</summary>
    internal static string OperationOf(GenerationRequest request) => request.Messages is null ? "text_completion" : "chat";

    /// <summary>The name of a reason to end, as activities and chat responses have it.</summary>
    internal static string NameOf(FinishReason reason) => reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        FinishReason.Aborted => "aborted",
        FinishReason.TimeLimit => "time_limit",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "No such finish reason."),
    };
}
