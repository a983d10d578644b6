namespace Helios.Sdk.Tokenization.Reading;

/// <summary>Puts a tokenizer together from the sections of <c>tokenizer.json</c>, each read by its own reader.</summary>
internal static class TokenizerReader
{
    public static BpeTokenizer Read(JsonField root, string fingerprint)
    {
        var vocabulary = VocabularyReader.Read(root);
        var normalizer = NormalizerReader.Read(root["normalizer"]);
        var decoder = DecoderReader.Read(root["decoder"]);
        return new BpeTokenizer(new BpeTokenizerParts
        {
            Fingerprint = fingerprint,
            Normalizer = normalizer,
            PreTokenizers = PreTokenizerReader.Read(root["pre_tokenizer"]),
            Model = ModelReader.Read(root["model"], vocabulary),
            WrittenTokens = AddedTokenMatcher.Create(vocabulary.Added.Where(t => !t.Normalized), t => t.Content),
            NormalizedTokens = AddedTokenMatcher.Create(
                vocabulary.Added.Where(t => t.Normalized), t => normalizer.Normalize(t.Content)),
            Around = PostProcessorReader.Read(root["post_processor"], vocabulary.Size),
            Bytes = TokenBytes.Create(vocabulary, decoder),
            StripsLeadingSpace = decoder.StripsLeadingSpace,
        });
    }
}
