using System.Text;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.MicrosoftTokenizers.Settings;
using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.Normalizers;
using Helios.Sdk.Tokenization.PreTokenizers;
using Microsoft.ML.Tokenizers;
using BpeTokenizer = Helios.Sdk.Tokenization.Bpe.BpeTokenizer;

namespace Helios.Sdk.MicrosoftTokenizers.Tiktoken;

/// <summary>Makes a tokenizer of a file of ranks, the pattern of its words, and the special tokens that other files declare.</summary>
internal static class TiktokenReader
{
    /// <summary>GPT-4o.</summary>
    private const string O200k =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <exception cref="CheckpointException">The file is malformed, or contradicts another.</exception>
    public static BpeTokenizer Read(string path, byte[] bytes, MicrosoftTokenizerOptions options, TokenizerSurroundings beside)
    {
        var ranks = TiktokenFile.Parse(path, bytes);
        var single = ranks.Values.Where(token => token.Length == 1).Select(token => token[0]).ToHashSet();
        if (single.Count <= byte.MaxValue) throw CheckpointError.File(path, $"has tokens for {single.Count} of the 256 bytes, expected one for each");
        var tokens = ranks.ToDictionary(rank => rank.Key, rank => ByteLevelAlphabet.Write(rank.Value));
        var ids = tokens.ToDictionary(token => token.Value, token => token.Key, StringComparer.Ordinal);
        var vocabulary = beside.Complete(path, ids, tokens, Given(path, tokens, options));
        var around = beside.Around(vocabulary, bos: null, eos: null, addsBos: false);
        return new BpeTokenizer(new BpeTokenizerParts
        {
            Fingerprint = TokenizerSurroundings.Fingerprint($"tiktoken {PatternOf(path, options)}", bytes, vocabulary, around),
            Normalizer = new NormalizerSequence([]),
            PreTokenizers = [CutterOf(path, options), new WordLimit()],
            Model = new TiktokenModel(Create(path, ranks), ranks.Values.Max(token => token.Length), vocabulary),
            WrittenTokens = AddedTokenMatcher.Create(vocabulary.Added, token => token.Content),
            NormalizedTokens = AddedTokenMatcher.Create([], token => token.Content),
            Around = around,
            Bytes = TokenBytes.Create(vocabulary, new TokenDecoder { ByteLevel = true }),
            StripsLeadingSpace = false,
        });
    }

    private static List<AddedToken> Given(string path, Dictionary<int, string> tokens, MicrosoftTokenizerOptions options)
    {
        var given = new List<AddedToken>();
        foreach (var (content, id) in options.TiktokenSpecialTokens)
        {
            if (content.Length is 0 or > AddedToken.Longest || id is < 0 or >= Vocabulary.Largest || !tokens.TryAdd(id, content))
                throw new CheckpointException(Invariant($"{path}: {nameof(MicrosoftTokenizerOptions.TiktokenSpecialTokens)} gives '{CheckpointError.Show(content)}' the id {id}; expected 1 to {AddedToken.Longest} characters, and an id below {Vocabulary.Largest} that no other token has."));
            given.Add(new AddedToken(id, content) { Special = true });
        }

        return given;
    }

    private static IPreTokenizer CutterOf(string path, MicrosoftTokenizerOptions options)
    {
        var pattern = PatternOf(path, options);
        if (PublishedPatterns.Find(pattern) is { } scanner) return new Split(scanner);
        try
        {
            return new PatternSplit(new RegexPattern(pattern), SplitBehavior.Isolated, invert: false);
        }
        catch (ArgumentException e)
        {
            throw new CheckpointException($"{path}: {nameof(MicrosoftTokenizerOptions.TiktokenPattern)} is a pattern that .NET cannot read ({e.Message}); expected a regular expression in .NET's syntax.", e);
        }
    }

    private static string PatternOf(string path, MicrosoftTokenizerOptions options)
    {
        if (options.TiktokenPattern is { } given) return given;
        var name = Path.GetFileName(path);
        bool Names(string part) => name.Contains(part, StringComparison.OrdinalIgnoreCase);
        if (Names("gpt2") || Names("r50k") || Names("p50k")) return PublishedPatterns.Gpt2;
        if (Names("qwen")) return PublishedPatterns.Qwen2;
        return Names("o200k") ? O200k : PublishedPatterns.Llama3;
    }

    /// <summary>Microsoft's reader gets lines that were checked, and no others: on a blank line it does not end.</summary>
    private static TiktokenTokenizer Create(string path, Dictionary<int, byte[]> ranks)
    {
        try
        {
            using var stream = new MemoryStream();
            foreach (var (id, token) in ranks) stream.Write(Encoding.ASCII.GetBytes(Invariant($"{Convert.ToBase64String(token)} {id}\n")));
            stream.Position = 0;
            return TiktokenTokenizer.Create(stream, preTokenizer: null, normalizer: null, specialTokens: null);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or FormatException or IOException)
        {
            throw CheckpointError.File(path, $"is a file that Microsoft.ML.Tokenizers cannot read ({e.Message.TrimEnd('.')})", e);
        }
    }
}
