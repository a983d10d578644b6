using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.Tokenization.Reading;

/// <summary>Reads the section <c>post_processor</c> into the ids before and behind a text.</summary>
internal static class PostProcessorReader
{
    public static SpecialIds Read(JsonField field, int vocabularySize)
    {
        var before = new List<int>();
        var behind = new List<int>();
        if (!field.IsNull) Read(field, vocabularySize, before, behind);
        return new SpecialIds(before, behind);
    }

    private static void Read(JsonField field, int vocabularySize, List<int> before, List<int> behind)
    {
        switch (field.Type)
        {
            // Nesting is bounded by the depth that the JSON reader accepts.
            case "Sequence":
                foreach (var item in field["processors"].Items()) Read(item, vocabularySize, before, behind);
                break;
            case "ByteLevel": // offsets only
                break;
            case "TemplateProcessing":
                ReadTemplate(field, vocabularySize, before, behind);
                break;
            default:
                throw field["type"].Bad("null, \"Sequence\", \"ByteLevel\" or \"TemplateProcessing\"");
        }
    }

    /// <summary>What a template puts around the text goes around what earlier ones put there.</summary>
    private static void ReadTemplate(JsonField template, int vocabularySize, List<int> before, List<int> behind)
    {
        var single = template["single"];
        var outerBefore = new List<int>();
        var sawText = false;
        foreach (var piece in single.Items())
        {
            if (!piece["SpecialToken"].IsNull)
            {
                var ids = ReadIds(template["special_tokens"], piece["SpecialToken"]["id"], vocabularySize);
                (sawText ? behind : outerBefore).AddRange(ids);
            }
            else if (piece["Sequence"]["id"].AsText() != "A" || sawText)
            {
                throw single.Bad("a template with more than the sequence A", "the sequence A once");
            }
            else
            {
                sawText = true;
            }
        }

        if (!sawText) throw single.Bad("a template without the sequence A", "the sequence A once");
        before.InsertRange(0, outerBefore);
    }

    private static IEnumerable<int> ReadIds(JsonField tokens, JsonField name, int vocabularySize) =>
        tokens[name.AsText()]["ids"].Items().Select(id => id.AsId(vocabularySize));
}
