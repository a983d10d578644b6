using Google.Protobuf;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.MicrosoftTokenizers.SentencePiece;

/// <summary>What a piece is, by the numbers of the file format.</summary>
internal enum PieceType
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>A piece: its id is its place.</summary>
internal readonly record struct Piece(string Text, PieceType Type);

/// <summary>
/// A SentencePiece model as its file says (a protocol buffer, <c>sentencepiece_model.proto</c>): what Microsoft's package reads too, but
/// does not say. Absent fields take the defaults of the format; fields that are not needed are skipped.
/// </summary>
internal sealed record SentencePieceFile
{
    /// <summary>The one of four kinds of model that is supported.</summary>
    public const int Bpe = 2;

    private const int Number = 0, Bytes = 2;

    public IReadOnlyList<Piece> Pieces { get; private init; } = [];

    /// <summary>1 unigram, 2 BPE, 3 words, 4 characters.</summary>
    public int ModelType { get; private init; } = 1;

    public int BosId { get; private init; } = 1;

    public int EosId { get; private init; } = 2;

    public bool SpacesAreSuffixes { get; private init; }

    public bool HasCharacterMap { get; private init; }

    public bool AddsSpace { get; private init; } = true;

    public bool RemovesExtraSpaces { get; private init; } = true;

    public bool EscapesSpaces { get; private init; } = true;

    /// <summary>Reads a file.</summary>
    /// <exception cref="CheckpointException">It is not such a file, or has pieces that no id could stand for.</exception>
    public static SentencePieceFile Parse(string path, byte[] bytes)
    {
        var file = ParseModel(path, bytes);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var id = 0; id < file.Pieces.Count; id++)
        {
            var (text, _) = file.Pieces[id];
            if (text.Length is 0 or > AddedToken.Longest) throw CheckpointError.File(path, Invariant($"piece {id} has {text.Length} characters, expected 1 to {AddedToken.Longest}"));
            if (!seen.Add(text)) throw CheckpointError.File(path, Invariant($"piece {id}, '{CheckpointError.Show(text)}', is there twice, expected every piece once"));
        }

        return file.Pieces.Count is > 0 and <= Vocabulary.Largest ? file : throw CheckpointError.File(path, $"has {file.Pieces.Count} pieces, expected 1 to {Vocabulary.Largest}");
    }

    private static SentencePieceFile ParseModel(string path, byte[] bytes)
    {
        try
        {
            var pieces = new List<Piece>();
            var file = new SentencePieceFile { Pieces = pieces };
            var input = new CodedInputStream(bytes);
            while (input.ReadTag() is var tag and not 0)
            {
                switch ((tag >> 3, tag & 7))
                {
                    case (1, Bytes): pieces.Add(ParsePiece(Inside(input))); break;
                    case (2, Bytes): file = file.WithTrainer(Inside(input)); break;
                    case (3, Bytes): file = file.WithNormalizer(Inside(input)); break;
                    default: input.SkipLastField(); break;
                }
            }

            return file;
        }
        catch (InvalidProtocolBufferException e)
        {
            throw CheckpointError.File(path, $"is not a SentencePiece model ({e.Message.TrimEnd('.')})", e);
        }
    }

    private static Piece ParsePiece(CodedInputStream input)
    {
        var piece = new Piece("", PieceType.Normal);
        while (input.ReadTag() is var tag and not 0)
        {
            switch ((tag >> 3, tag & 7))
            {
                case (1, Bytes): piece = piece with { Text = input.ReadString() }; break;
                case (3, Number): piece = piece with { Type = (PieceType)input.ReadEnum() }; break;
                default: input.SkipLastField(); break;
            }
        }

        return piece;
    }

    private SentencePieceFile WithTrainer(CodedInputStream input)
    {
        var file = this;
        while (input.ReadTag() is var tag and not 0)
        {
            switch ((tag >> 3, tag & 7))
            {
                case (3, Number): file = file with { ModelType = input.ReadEnum() }; break;
                case (24, Number): file = file with { SpacesAreSuffixes = input.ReadBool() }; break;
                case (41, Number): file = file with { BosId = input.ReadInt32() }; break;
                case (42, Number): file = file with { EosId = input.ReadInt32() }; break;
                default: input.SkipLastField(); break;
            }
        }

        return file;
    }

    private SentencePieceFile WithNormalizer(CodedInputStream input)
    {
        var file = this;
        while (input.ReadTag() is var tag and not 0)
        {
            switch ((tag >> 3, tag & 7))
            {
                case (2, Bytes): file = file with { HasCharacterMap = input.ReadBytes().Length > 0 }; break;
                case (3, Number): file = file with { AddsSpace = input.ReadBool() }; break;
                case (4, Number): file = file with { RemovesExtraSpaces = input.ReadBool() }; break;
                case (5, Number): file = file with { EscapesSpaces = input.ReadBool() }; break;
                default: input.SkipLastField(); break;
            }
        }

        return file;
    }

    private static CodedInputStream Inside(CodedInputStream input) => new(input.ReadBytes().ToByteArray());
}
