using Helios.Sdk.Tokenization;

namespace Helios.Benchmarks.Overhead;

/// <summary>Every id is a word of five bytes.</summary>
internal sealed class PieceTokenizer(int vocabulary) : ITokenizer
{
    public int VocabularySize => vocabulary;

    public string Fingerprint => "pieces";

    public bool StripsLeadingSpace => false;

    public IReadOnlyList<int> Encode(string text, bool addSpecialTokens = true) => throw new NotSupportedException();

    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true) => throw new NotSupportedException();

    public ReadOnlySpan<byte> GetBytes(int id) => " word"u8;
}
