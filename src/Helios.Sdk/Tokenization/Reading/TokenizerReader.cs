using System.Security.Cryptography;
using System.Text;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.Normalizers;
using Helios.Sdk.Tokenization.PreTokenizers;
using Helios.Sdk.Tokenization.SpecialTokens;

namespace Helios.Sdk.Tokenization.Reading;

/// <summary>Puts a tokenizer together from the sections of <c>tokenizer.json</c>, each read by its own reader.</summary>
internal static class TokenizerReader
{
    /// <param name="root">The file.</param>
    /// <param name="hash">A hash of the file.</param>
    /// <param name="beside">What the files beside it say of special tokens.</param>
    /// <param name="template">The source of the chat template; empty without one.</param>
    public static BpeTokenizer Read(JsonField root, string hash, SpecialTokenFiles beside, string template)
    {
        var vocabulary = VocabularyReader.Read(root, beside, template);
        var normalizer = NormalizerReader.Read(root["normalizer"]);
        var stages = PreTokenizerReader.Read(root["pre_tokenizer"]);

        // The model writes bytes itself, and only of words that it has not met.
        var byteLevel = stages is [.., ByteLevel] && !root["model"]["byte_fallback"].AsFlag(whenMissing: false);
        var decoder = DecoderReader.Read(root["decoder"]);
        return new BpeTokenizer(new BpeTokenizerParts
        {
            Fingerprint = Fingerprint(hash, vocabulary.DeclaredElsewhere),
            Normalizer = normalizer,
            PreTokenizers = byteLevel ? stages.SkipLast(1).ToArray() : stages,
            Model = ModelReader.Read(root["model"], vocabulary, byteLevel),
            WrittenTokens = AddedTokenMatcher.Create(vocabulary.Added.Where(t => !t.Normalized), t => t.Content),
            NormalizedTokens = AddedTokenMatcher.Create(
                vocabulary.Added.Where(t => t.Normalized), t => normalizer.Normalize(t.Content)),
            Around = PostProcessorReader.Read(root["post_processor"], vocabulary.Size),
            Bytes = TokenBytes.Create(vocabulary, decoder),
            StripsLeadingSpace = decoder.StripsLeadingSpace,
        });
    }

    /// <summary>The hash of the file, and where the files beside it change ids or bytes, of what they change as well.</summary>
    private static string Fingerprint(string hash, IReadOnlyList<AddedToken> declaredElsewhere)
    {
        if (declaredElsewhere.Count == 0) return hash;
        var declared = declaredElsewhere.OrderBy(token => token.Id).Select(token => Invariant($"{token.Id} {token.Special} {token.Content}"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', declared.Prepend(hash)))));
    }
}
