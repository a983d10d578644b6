using System.Globalization;

namespace Helios.Peers.Models;

/// <summary>Shape of the random Llama model that both engines run.</summary>
internal sealed record LlamaShape(int Layers, int Hidden, int Heads, int KvHeads, int FeedForward, int Vocabulary)
{
    public const int ContextLength = 4096;
    public const float NormEpsilon = 1e-5f;
    public const float RopeTheta = 10_000;

    /// <summary>Elements of a block of q8_0 and q4_0, of which every row of a matrix is a multiple.</summary>
    private const int Block = 32;

    /// <summary>The shape for which the targets are stated.</summary>
    public static LlamaShape Default { get; } = new(Layers: 12, Hidden: 768, Heads: 12, KvHeads: 4, FeedForward: 2048, Vocabulary: 32_000);

    public int HeadDim => Hidden / Heads;

    public int KvSize => KvHeads * HeadDim;

    /// <summary>Reads <c>llama:layers=12,hidden=768,heads=12,kv=4,ffn=2048,vocab=32000</c>; every size is required.</summary>
    public static LlamaShape Parse(string text)
    {
        const string Prefix = "llama:";
        if (!text.StartsWith(Prefix, StringComparison.Ordinal)) throw Wrong(text, "it does not start with 'llama:'");

        var sizes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var part in text[Prefix.Length..].Split(','))
        {
            var pair = part.Split('=');
            if (pair.Length != 2 || !int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size < 1 || !sizes.TryAdd(pair[0], size))
                throw Wrong(text, $"'{part}' is not a new name=size");
        }

        int Take(string name) => sizes.Remove(name, out var size) ? size : throw Wrong(text, $"'{name}' is missing");
        var shape = new LlamaShape(Take("layers"), Take("hidden"), Take("heads"), Take("kv"), Take("ffn"), Take("vocab"));
        if (sizes.Count > 0) throw Wrong(text, $"'{sizes.Keys.First()}' is unknown");
        return shape.Check(text);
    }

    public override string ToString() =>
        $"llama:layers={Layers},hidden={Hidden},heads={Heads},kv={KvHeads},ffn={FeedForward},vocab={Vocabulary}";

    private static PeerException Wrong(string text, string why) =>
        new($"Shape '{text}': {why}; expected one like '{Default}'.");

    private LlamaShape Check(string text)
    {
        if (Heads % KvHeads != 0) throw Wrong(text, $"{KvHeads} KV heads do not divide {Heads} heads");
        if (Hidden % Heads != 0 || HeadDim % 2 != 0) throw Wrong(text, $"hidden {Hidden} is not {Heads} heads of an even size");
        if (Hidden % Block != 0 || FeedForward % Block != 0) throw Wrong(text, $"hidden and ffn are not multiples of {Block}");
        return this;
    }
}
