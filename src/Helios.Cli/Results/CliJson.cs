using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Helios.Cli.Benching;
using Helios.Cli.Checking;
using Helios.Cli.Events;
using Helios.Cli.Simulating;

namespace Helios.Cli.Results;

/// <summary>How results are written as JSON: camelCase, text as it is.</summary>
[JsonSerializable(typeof(Pulled))]
[JsonSerializable(typeof(Inspection))]
[JsonSerializable(typeof(EncodedText))]
[JsonSerializable(typeof(DecodedIds))]
[JsonSerializable(typeof(EncodedLine))]
[JsonSerializable(typeof(RenderedText))]
[JsonSerializable(typeof(NotRendered))]
[JsonSerializable(typeof(Scored))]
[JsonSerializable(typeof(Certified))]
[JsonSerializable(typeof(Generated))]
[JsonSerializable(typeof(Profiled))]
[JsonSerializable(typeof(DecodeBenched))]
[JsonSerializable(typeof(CapacityBenched))]
[JsonSerializable(typeof(EvaluatedLine))]
[JsonSerializable(typeof(EvaluationFailedLine))]
[JsonSerializable(typeof(ObjectiveFailedLine))]
[JsonSerializable(typeof(DecisionLine))]
[JsonSerializable(typeof(LoadLine))]
[JsonSerializable(typeof(BreachLine))]
[JsonSerializable(typeof(QualityBreachLine))]
[JsonSerializable(typeof(CompletedLine))]
[JsonSerializable(typeof(UnservedLine))]
[JsonSerializable(typeof(SummaryLine))]
[JsonSerializable(typeof(SimulationSummary))]
[JsonSerializable(typeof(Examined))]
internal sealed partial class CliJson : JsonSerializerContext
{
    public static CliJson Lines { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
