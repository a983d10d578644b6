using System.Globalization;
using Helios.Sdk.Models;
using Helios.Sdk.Naming;

namespace Helios.Cli.Benching;

/// <summary>The shape of a model that need not exist: <c>llama:layers=12,hidden=768,heads=12,kv=4,ffn=2048,vocab=32000</c>.</summary>
internal sealed record ModelShape(string Text, int Layers, int Hidden, int Heads, int KvHeads, int FeedForward, int Vocabulary)
{
    public const string Example = "llama:layers=12,hidden=768,heads=12,kv=4,ffn=2048,vocab=32000";

    private const string Family = "llama";
    private const int Most = 1 << 20;
    private const int Context = 1 << 17;

    private static readonly string[] Fields = ["layers", "hidden", "heads", "kv", "ffn", "vocab"];

    /// <summary>Reads a shape; every field stands in it once.</summary>
    /// <exception cref="FormatException">It is none; the message says what was found and what was expected.</exception>
    public static ModelShape Parse(string text)
    {
        var (family, list) = text.IndexOf(':') is var colon and >= 0 ? (text[..colon], text[(colon + 1)..]) : (text, "");
        if (family != Family) throw new FormatException($"shape '{text}' is of family '{family}'; expected {Family}, as in {Example}.");

        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var part in list.Length > 0 ? list.Split(',') : []) AddField(found, part);
        var missing = Fields.Where(field => !found.ContainsKey(field)).ToList();
        if (missing.Count > 0) throw new FormatException($"shape '{text}' has no {string.Join(", no ", missing)}; expected {Example}.");

        var shape = new ModelShape(text, found["layers"], found["hidden"], found["heads"], found["kv"], found["ffn"], found["vocab"]);
        shape.RequireWholeHeads();
        return shape;
    }

    public ModelArchitecture ToArchitecture() => new LlamaShape
    {
        Layers = Layers,
        HiddenSize = Hidden,
        Heads = Heads,
        KvHeads = KvHeads,
        HeadDim = Hidden / Heads,
        FeedForwardSize = FeedForward,
        VocabularySize = Vocabulary,
        ContextLength = Context,
        NormEpsilon = 1e-5f,
        RopeTheta = 10_000,
    }.ToArchitecture();

    private static void AddField(Dictionary<string, int> found, string part)
    {
        var (name, value) = part.IndexOf('=') is var sign and >= 0 ? (part[..sign], part[(sign + 1)..]) : (part, "");
        if (!Fields.Contains(name, StringComparer.Ordinal)) throw new FormatException($"shape field '{name}' is unknown; expected {string.Join(", ", Fields)}.{NearMiss.Ask(name, Fields)}");
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > Most)
            throw new FormatException($"shape field '{name}' is '{value}'; expected a whole number from 1 to {Most}.");
        if (!found.TryAdd(name, number)) throw new FormatException($"shape field '{name}' is given twice.");
    }

    private void RequireWholeHeads()
    {
        if (Hidden % Heads != 0 || Hidden / Heads % 2 != 0)
            throw new FormatException(Invariant($"shape field 'heads' is {Heads}, which does not divide hidden={Hidden} into heads of an even width."));
        if (Heads % KvHeads != 0) throw new FormatException(Invariant($"shape field 'kv' is {KvHeads}, which does not divide heads={Heads}."));
    }
}
