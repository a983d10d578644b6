using System.Buffers;
using System.Collections;

namespace Helios.Sdk.Tokenization.Bpe;

/// <summary>The bytes of every token, one behind the other in one array.</summary>
internal sealed class TokenBytes
{
    private readonly byte[] bytes;
    private readonly int[] ends;
    private readonly BitArray special;

    private TokenBytes(byte[] bytes, int[] ends, BitArray special) => (this.bytes, this.ends, this.special) = (bytes, ends, special);

    public int Count => ends.Length;

    public static TokenBytes Create(Vocabulary vocabulary, TokenDecoder decoder)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var ends = new int[vocabulary.Size];
        for (var id = 0; id < ends.Length; id++)
        {
            if (vocabulary.Tokens.TryGetValue(id, out var token)) bytes.Write(decoder.ToBytes(token));
            ends[id] = bytes.WrittenCount;
        }

        var special = new BitArray(ends.Length);
        foreach (var token in vocabulary.Added) special[token.Id] = token.Special;
        return new TokenBytes(bytes.WrittenSpan.ToArray(), ends, special);
    }

    public bool IsSpecial(int id) => special[id];

    public ReadOnlySpan<byte> this[int id]
    {
        get
        {
            var start = id == 0 ? 0 : ends[id - 1];
            return bytes.AsSpan(start, ends[id] - start);
        }
    }
}
