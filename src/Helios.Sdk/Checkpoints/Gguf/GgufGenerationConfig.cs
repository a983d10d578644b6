using System.Buffers;
using System.Text.Json;

namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>
/// The <c>general.sampling</c> keys of a GGUF file as the <c>generation_config.json</c> of a Hugging Face checkpoint. They have no <c>do_sample</c>: a file
/// that names a temperature above 0 asks to be sampled.
/// </summary>
internal static class GgufGenerationConfig
{
    private const string Prefix = "general.sampling.";

    private static readonly (string Key, string Name)[] Numbers = [("top_p", "top_p"), ("min_p", "min_p"), ("penalty_repeat", "repetition_penalty"), ("xtc_probability", "xtc_probability")];
    private static readonly string[] Counts = ["penalty_last_n", "mirostat"];

    /// <summary>UTF-8 of the file.</summary>
    public static byte[] ToJson(GgufMetadata metadata)
    {
        var utf8 = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(utf8))
        {
            json.WriteStartObject();
            if (metadata.Number(Prefix + "temp") is { } temperature)
            {
                json.WriteBoolean("do_sample", temperature != 0);
                json.WriteNumber("temperature", temperature);
            }

            // A count below 0, which unsigned numbers spell too, keeps all there.
            if (metadata.Whole(Prefix + "top_k", int.MinValue, uint.MaxValue) is { } topK) json.WriteNumber("top_k", topK is > 0 and <= int.MaxValue ? topK : 0);
            foreach (var (key, name) in Numbers)
            {
                if (metadata.Number(Prefix + key) is { } value) json.WriteNumber(name, value);
            }

            foreach (var name in Counts)
            {
                if (metadata.Whole(Prefix + name, int.MinValue, uint.MaxValue) is { } value) json.WriteNumber(name, value);
            }

            json.WriteEndObject();
        }

        return utf8.WrittenSpan.ToArray();
    }
}
