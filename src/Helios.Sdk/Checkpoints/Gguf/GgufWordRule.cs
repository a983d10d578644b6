using System.Text.Json;

namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>
/// What <c>tokenizer.ggml.pre</c> names: how a byte-level BPE tokenizer cuts text into words, as sections of the <c>tokenizer.json</c> that
/// Hugging Face has of the models with that name. A name that is not known is refused: another rule would give other ids.
/// </summary>
/// <param name="PreTokenizer">The section <c>pre_tokenizer</c>.</param>
/// <param name="Normalizer">The section <c>normalizer</c>.</param>
/// <param name="IgnoresMerges">Whether a word that is a token is that token, whatever the merges give.</param>
/// <param name="AddsBos">Whether BOS goes before a text where the file does not say.</param>
internal sealed record GgufWordRule(string PreTokenizer, string Normalizer = "null", bool IgnoresMerges = false, bool AddsBos = false)
{
    private const string Key = "tokenizer.ggml.pre";
    private const string Gpt2 = """{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}""";
    private const string Bytes = """{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""";
    private const string Nfc = """{"type":"NFC"}""";

    private const string Gpt2Words = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Llama3Words = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2Words = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Gpt4oWords = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string TekkenWords = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly Dictionary<string, GgufWordRule> Rules = new(StringComparer.Ordinal);

    static GgufWordRule()
    {
        var plain = new GgufWordRule(Gpt2);
        var digits = new GgufWordRule(Sequence("""{"type":"Digits","individual_digits":true}""", Gpt2));
        var qwen2 = new GgufWordRule(Sequence(Split(Qwen2Words), Bytes), Nfc);
        var gpt4 = new GgufWordRule(Sequence(Split(Llama3Words), Bytes));
        Add(plain, "gpt-2", "phi-2", "mpt");
        Add(plain with { Normalizer = Nfc }, "olmo", "gpt-neox");
        Add(digits, "smollm", "starcoder", "refact", "codeshell");
        Add(digits with { Normalizer = Nfc }, "command-r");
        Add(qwen2, "qwen2", "deepseek-r1-qwen", "stablelm2", "megrez");
        Add(gpt4 with { IgnoresMerges = true, AddsBos = true }, "llama-bpe", "llama3", "llama-v3");
        Add(gpt4, "dbrx");
        Add(new GgufWordRule(Sequence(Split(Gpt4oWords), Bytes)), "gpt-4o", "llama4");
        Add(new GgufWordRule(Sequence(Split(TekkenWords), Bytes), IgnoresMerges: true, AddsBos: true), "tekken");
        Add(new GgufWordRule(Sequence("""{"type":"Punctuation","behavior":"Contiguous"}""", Gpt2, """{"type":"Digits","individual_digits":false}""", Split("[0-9][0-9][0-9]"))), "falcon");

        // Files of before there were names; what llama.cpp does with them.
        Add(new GgufWordRule(Sequence(Split(@"[\p{P}\$\+<=>\^~\|]+"), Split(Gpt2Words), Split(@"\p{N}+"), Split("[0-9][0-9][0-9]"), Bytes)), "default");

        static void Add(GgufWordRule rule, params ReadOnlySpan<string> names)
        {
            foreach (var name in names) Rules.Add(name, rule);
        }
    }

    /// <summary>The rule that a file names.</summary>
    /// <exception cref="CheckpointException">It names none, or one that is not known.</exception>
    public static GgufWordRule Read(GgufMetadata metadata)
    {
        var name = metadata.RequiredText(Key, Known());
        return Rules.TryGetValue(name, out var rule) ? rule : throw CheckpointError.Field(metadata.Path, Key, $"\"{name}\"", Known());
    }

    private static string Known() => $"a rule that is known: {string.Join(", ", Rules.Keys)}";

    private static string Sequence(params string[] stages) => $$"""{"type":"Sequence","pretokenizers":[{{string.Join(',', stages)}}]}""";

    private static string Split(string pattern) =>
        $$"""{"type":"Split","pattern":{"Regex":"{{JsonEncodedText.Encode(pattern)}}"},"behavior":"Isolated","invert":false}""";
}
