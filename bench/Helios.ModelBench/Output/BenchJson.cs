using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Helios.ModelBench.Endurance;
using Helios.ModelBench.Soaking;

namespace Helios.ModelBench.Output;

/// <summary>How results are written as JSON: camelCase, text as it is.</summary>
[JsonSerializable(typeof(QualityBenched))]
[JsonSerializable(typeof(LosslessBenched))]
[JsonSerializable(typeof(ExitsBenched))]
[JsonSerializable(typeof(SoakBenched))]
[JsonSerializable(typeof(EnduranceBenched))]
internal sealed partial class BenchJson : JsonSerializerContext
{
    public static BenchJson Lines { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
