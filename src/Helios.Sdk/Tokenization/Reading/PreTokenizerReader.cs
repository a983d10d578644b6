using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tokenization.Reading;

/// <summary>Reads the section <c>pre_tokenizer</c> into stages.</summary>
internal static class PreTokenizerReader
{
    private const string Supported = "null, \"Sequence\", \"ByteLevel\", \"Metaspace\", \"Split\", \"Digits\" or \"Punctuation\"";

    public static IReadOnlyList<IPreTokenizer> Read(JsonField field)
    {
        var stages = new List<IPreTokenizer>();
        if (!field.IsNull) Read(field, stages);
        return stages;
    }

    private static void Read(JsonField field, List<IPreTokenizer> stages)
    {
        switch (field.Type)
        {
            // Nesting is bounded by the depth that the JSON reader accepts.
            case "Sequence":
                foreach (var item in field["pretokenizers"].Items()) Read(item, stages);
                break;
            case "ByteLevel":
                if (field["add_prefix_space"].AsFlag()) stages.Add(new PrefixSpace());
                if (field["use_regex"].AsFlag(whenMissing: true)) stages.Add(new Split(new Gpt2Scanner()));
                stages.Add(new ByteLevel());
                break;
            case "Metaspace":
                stages.Add(new Metaspace(ReadReplacement(field), ReadScheme(field), field["split"].AsFlag(whenMissing: true)));
                break;
            case "Split":
                stages.Add(ReadSplit(field));
                break;
            case "Digits":
                stages.Add(new Digits(field["individual_digits"].AsFlag()));
                break;
            case "Punctuation":
                stages.Add(new PatternSplit(new Punctuation(), field["behavior"].IsNull ? SplitBehavior.Isolated : ReadBehavior(field["behavior"]), invert: false));
                break;
            default:
                throw field["type"].Bad(Supported);
        }
    }

    /// <summary>The one character that stands for a space in Metaspace, as pre-tokenizer and as decoder.</summary>
    internal static char ReadReplacement(JsonField metaspace)
    {
        var text = metaspace["replacement"].AsText();
        return text.Length == 1 && !char.IsSurrogate(text[0]) ? text[0] : throw metaspace["replacement"].Bad("one character, such as \"▁\"");
    }

    /// <summary>Newer files name the scheme, older ones say only whether there is a prefix.</summary>
    internal static PrependScheme ReadScheme(JsonField metaspace)
    {
        if (!metaspace["add_prefix_space"].AsFlag(whenMissing: true)) return PrependScheme.Never;
        return metaspace["prepend_scheme"].AsTextOrNull() switch
        {
            null or "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            _ => throw metaspace["prepend_scheme"].Bad("\"always\", \"first\" or \"never\""),
        };
    }

    private static IPreTokenizer ReadSplit(JsonField field)
    {
        var inverted = field["invert"].AsFlag(whenMissing: false);
        var behavior = ReadBehavior(field["behavior"]);

        // A published pattern matches all of a text, so that its matches are the words; the older spelling of that drops everything else.
        var wholeMatches = behavior == SplitBehavior.Isolated || (behavior == SplitBehavior.Removed && inverted);
        return wholeMatches && Patterns.FindScanner(field["pattern"]) is { } scanner
            ? new Split(scanner)
            : new PatternSplit(Patterns.Read(field["pattern"]), behavior, inverted);
    }

    private static SplitBehavior ReadBehavior(JsonField field)
    {
        var name = field.AsText();
        return Enum.TryParse<SplitBehavior>(name, out var behavior) && Enum.GetName(behavior) == name ? behavior : throw field.Bad($"one of {string.Join(", ", Enum.GetNames<SplitBehavior>())}");
    }
}
