using System.Globalization;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.MicrosoftTokenizers.Settings;
using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.Normalizers;
using Helios.Sdk.Tokenization.PreTokenizers;
using Microsoft.ML.Tokenizers;
using BpeTokenizer = Helios.Sdk.Tokenization.Bpe.BpeTokenizer;

namespace Helios.Sdk.MicrosoftTokenizers.SentencePiece;

/// <summary>Makes the tokenizer that Hugging Face's conversion of a <c>tokenizer.model</c> would be.</summary>
internal static class SentencePieceReader
{
    private const char Space = MergeTable.Space;

    /// <exception cref="CheckpointException">The file is malformed, or says what is not supported.</exception>
    public static BpeTokenizer Read(string path, byte[] bytes, TokenizerSurroundings beside)
    {
        var file = SentencePieceFile.Parse(path, bytes);
        RequireSupported(path, file);
        var vocabulary = ReadVocabulary(path, file, beside);
        var around = beside.Around(vocabulary, ControlId(file, file.BosId), ControlId(file, file.EosId), addsBos: true);
        return new BpeTokenizer(new BpeTokenizerParts
        {
            Fingerprint = TokenizerSurroundings.Fingerprint("sentencepiece", bytes, vocabulary, around),
            Normalizer = ReadNormalizer(file),
            PreTokenizers = [new SpacePieces(file.Pieces.Any(piece => HasSpaceInside(piece.Text)))],
            Model = new SentencePieceModel(Create(path, bytes), file.Pieces, vocabulary),
            WrittenTokens = AddedTokenMatcher.Create(vocabulary.Added.Where(token => !token.Normalized), token => token.Content),
            NormalizedTokens = AddedTokenMatcher.Create(vocabulary.Added.Where(token => token.Normalized), token => token.Content.Replace(' ', Space)),
            Around = around,
            Bytes = TokenBytes.Create(vocabulary, new TokenDecoder
            {
                ByteFallback = true,
                Replacements = [new Replace(new LiteralPattern(Space.ToString()), " ")],
            }),
            StripsLeadingSpace = file.AddsSpace,
        });
    }

    private static void RequireSupported(string path, SentencePieceFile file)
    {
        if (file.ModelType != SentencePieceFile.Bpe) throw Unsupported("trainer_spec.model_type", file.ModelType.ToString(CultureInfo.InvariantCulture), "2, BPE");
        if (file.SpacesAreSuffixes) throw Unsupported("trainer_spec.treat_whitespace_as_suffix", "true", "false");
        if (!file.EscapesSpaces) throw Unsupported("normalizer_spec.escape_whitespaces", "false", "true");
        if (file.HasCharacterMap) throw Unsupported("normalizer_spec.precompiled_charsmap", "there", "none: text is taken as it is");

        CheckpointException Unsupported(string field, string found, string expected) => CheckpointError.Field(path, field, found, expected);
    }

    /// <summary>Control and user-defined pieces are added tokens, found in text before the model sees it.</summary>
    private static Vocabulary ReadVocabulary(string path, SentencePieceFile file, TokenizerSurroundings beside)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var tokens = new Dictionary<int, string>();
        var added = new List<AddedToken>();
        for (var id = 0; id < file.Pieces.Count; id++)
        {
            var (text, type) = file.Pieces[id];
            ids.Add(text, id);
            tokens.Add(id, text);
            if (type is PieceType.Control or PieceType.Unknown or PieceType.UserDefined)
                added.Add(new AddedToken(id, text) { Special = type != PieceType.UserDefined });
        }

        return beside.Complete(path, ids, tokens, added);
    }

    private static NormalizerSequence ReadNormalizer(SentencePieceFile file)
    {
        var steps = new List<INormalizer>();
        if (file.RemovesExtraSpaces) steps.Add(new ExtraSpaces());
        if (file.AddsSpace) steps.Add(new Prepend(Space.ToString()));
        steps.Add(new Replace(new LiteralPattern(" "), Space.ToString()));
        return new NormalizerSequence(steps);
    }

    private static int? ControlId(SentencePieceFile file, int id) =>
        id >= 0 && id < file.Pieces.Count && file.Pieces[id].Type == PieceType.Control ? id : null;

    /// <summary>Whether a ▁ stands behind another character.</summary>
    private static bool HasSpaceInside(string piece) => piece.TrimStart(Space).Contains(Space, StringComparison.Ordinal);

    private static SentencePieceTokenizer Create(string path, byte[] bytes)
    {
        try
        {
            using var stream = new MemoryStream(bytes);
            return SentencePieceTokenizer.Create(stream, addBeginningOfSentence: false, addEndOfSentence: false, specialTokens: null);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or FormatException or IOException or NotSupportedException)
        {
            throw CheckpointError.File(path, $"is a model that Microsoft.ML.Tokenizers cannot read ({e.Message.TrimEnd('.')})", e);
        }
    }
}
