using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.Normalizers;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tokenization.Reading;

/// <summary>Reads the section <c>decoder</c>.</summary>
internal static class DecoderReader
{
    private const string Supported = "\"ByteLevel\", \"Metaspace\", or a \"Sequence\" of \"Replace\", \"ByteFallback\", \"Fuse\" and \"Strip\"";

    public static TokenDecoder Read(JsonField field)
    {
        if (field.IsNull) throw field.Bad(Supported);
        var steps = new List<JsonField>();
        Flatten(field, steps);
        var decoder = new TokenDecoder();
        var fused = false;
        foreach (var step in steps)
        {
            decoder = Add(decoder, step, fused);
            fused |= step.Type == "Fuse";
            if (decoder.ByteLevel && (decoder.ByteFallback || decoder.Replacements.Count > 0))
                throw field.Bad("ByteLevel with other decoders", Supported);
        }

        return decoder;
    }

    private static void Flatten(JsonField field, List<JsonField> steps)
    {
        // Nesting is bounded by the depth that the JSON reader accepts.
        if (field.Type != "Sequence") steps.Add(field);
        else foreach (var item in field["decoders"].Items()) Flatten(item, steps);
    }

    private static TokenDecoder Add(TokenDecoder decoder, JsonField step, bool fused) => step.Type switch
    {
        "ByteLevel" => decoder with { ByteLevel = true },
        "ByteFallback" => decoder with { ByteFallback = true },
        "Fuse" => decoder,
        "Replace" => decoder with
        {
            Replacements = [.. decoder.Replacements, new Replace(Patterns.Read(step["pattern"]), step["content"].AsText())],
        },
        "Metaspace" => decoder with
        {
            Replacements = [.. decoder.Replacements, new Replace(new LiteralPattern(PreTokenizerReader.ReadReplacement(step).ToString()), " ")],
            StripsLeadingSpace = PreTokenizerReader.ReadScheme(step) != PrependScheme.Never,
        },
        "Strip" => decoder with { StripsLeadingSpace = ReadStrip(step, fused) },
        _ => throw step["type"].Bad(Supported),
    };

    private static bool ReadStrip(JsonField step, bool fused)
    {
        if (!fused) throw step.Bad("a Strip of every token", "a Strip behind a Fuse");
        if (step["content"].AsText() != " ") throw step["content"].Bad("\" \"");
        if (step["stop"].AsId(int.MaxValue) != 0) throw step["stop"].Bad("0");
        return step["start"].AsId(2) == 1;
    }
}
