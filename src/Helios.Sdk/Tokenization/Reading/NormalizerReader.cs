using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization.Normalizers;

namespace Helios.Sdk.Tokenization.Reading;

/// <summary>Reads the section <c>normalizer</c>.</summary>
internal static class NormalizerReader
{
    private const string Supported =
        "null, \"Sequence\", \"Prepend\", \"Replace\", \"NFC\", \"NFD\", \"NFKC\", \"NFKD\", \"Lowercase\" or \"Strip\"";

    public static INormalizer Read(JsonField field)
    {
        var steps = new List<INormalizer>();
        if (!field.IsNull) Read(field, steps);
        return steps.Count == 1 ? steps[0] : new NormalizerSequence(steps);
    }

    private static void Read(JsonField field, List<INormalizer> steps)
    {
        switch (field.Type)
        {
            // Nesting is bounded by the depth that the JSON reader accepts.
            case "Sequence":
                foreach (var item in field["normalizers"].Items()) Read(item, steps);
                break;
            case "Prepend":
                steps.Add(new Prepend(field["prepend"].AsText()));
                break;
            case "Replace":
                steps.Add(new Replace(Patterns.Read(field["pattern"]), field["content"].AsText()));
                break;
            case "NFC":
                steps.Add(new UnicodeForm(composed: true));
                break;
            case "NFD":
                steps.Add(new UnicodeForm(composed: false));
                break;
            case "NFKC":
                steps.Add(new UnicodeForm(composed: true, compatible: true));
                break;
            case "NFKD":
                steps.Add(new UnicodeForm(composed: false, compatible: true));
                break;
            case "Lowercase":
                steps.Add(new Lowercase());
                break;
            case "Strip":
                steps.Add(new Strip(field["strip_left"].AsFlag(), field["strip_right"].AsFlag()));
                break;
            default:
                throw field["type"].Bad(Supported);
        }
    }
}
