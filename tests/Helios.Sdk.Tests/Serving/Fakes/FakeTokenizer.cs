using System.Text;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Tests.Serving.Fakes;

/// <summary>One letter a token.</summary>
internal sealed class FakeTokenizer(string fingerprint = "fake") : ITokenizer
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    private static readonly byte[] Bytes = Encoding.ASCII.GetBytes(Letters);

    public int VocabularySize => FakeMath.Vocabulary;

    public string Fingerprint => fingerprint;

    public bool StripsLeadingSpace => false;

    public IReadOnlyList<int> Encode(string text, bool addSpecialTokens = true) => [.. text.Select(letter => Letters.IndexOf(letter, StringComparison.Ordinal))];

    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true) => string.Concat(ids.Select(id => Letters[id]));

    public ReadOnlySpan<byte> GetBytes(int id) => Bytes.AsSpan(id, 1);
}
