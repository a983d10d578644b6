using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace Helios.Fuzz;

/// <summary>Makes inputs of inputs: the same seed over the same corpus makes the same ones. Not thread-safe.</summary>
/// <param name="corpus">Inputs to begin from, at least one.</param>
/// <param name="seed">Seed.</param>
internal sealed partial class Mutator(IReadOnlyList<byte[]> corpus, int seed)
{
    private const int Longest = 1 << 16;
    private const int MostSteps = 8;

    private static readonly long[] Numbers =
        [0, 1, -1, 127, 128, 255, 256, 32767, 65535, 65536, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, 1L << 40, long.MaxValue, long.MinValue];

    private static readonly string[] Decimals =
        ["0", "-1", "1e999", "-0", "1.5", "NaN", "null", "true", "2147483648", "4294967296", "9223372036854775807", "18446744073709551616", "1e-400", "[]", "{}", "\"\""];

    private readonly Random random = new(seed);
    private readonly byte[][] words = [.. corpus.SelectMany(WordsOf).Distinct(StringComparer.Ordinal).Take(4096).Select(Encoding.UTF8.GetBytes)];

    /// <summary>The next input.</summary>
    public byte[] Next()
    {
        var bytes = new List<byte>(Pick(corpus));
        for (var steps = random.Next(1, MostSteps + 1); steps > 0; steps--) Change(bytes);
        if (bytes.Count > Longest) bytes.RemoveRange(Longest, bytes.Count - Longest);
        return [.. bytes];
    }

    private void Change(List<byte> bytes)
    {
        switch (random.Next(10))
        {
            case 0: Flip(bytes); break;
            case 1: Overwrite(bytes, [(byte)random.Next(256)]); break;
            case 2: Insert(bytes, Noise()); break;
            case 3: Remove(bytes); break;
            case 4: Insert(bytes, [.. Part(bytes)]); break;
            case 5: Insert(bytes, [.. Part([.. Pick(corpus)])]); break;
            case 6: Overwrite(bytes, Number()); break;
            case 7: ReplaceNumber(bytes); break;
            case 8: if (words.Length > 0) Insert(bytes, Pick(words)); break;
            default: if (words.Length > 0) Overwrite(bytes, Pick(words)); break;
        }
    }

    private void Flip(List<byte> bytes)
    {
        if (bytes.Count > 0) bytes[random.Next(bytes.Count)] ^= (byte)(1 << random.Next(8));
    }

    private void Overwrite(List<byte> bytes, byte[] with)
    {
        var at = random.Next(bytes.Count + 1);
        for (var i = 0; i < with.Length && at + i < bytes.Count; i++) bytes[at + i] = with[i];
    }

    private void Insert(List<byte> bytes, byte[] what) => bytes.InsertRange(random.Next(bytes.Count + 1), what);

    private void Remove(List<byte> bytes)
    {
        var part = Place(bytes.Count);
        bytes.RemoveRange(part.Start, part.Length);
    }

    private List<byte> Part(List<byte> bytes)
    {
        var part = Place(bytes.Count);
        return bytes.GetRange(part.Start, part.Length);
    }

    /// <summary>A stretch: mostly short, sometimes half of it all.</summary>
    private (int Start, int Length) Place(int count)
    {
        var start = random.Next(count + 1);
        var most = random.Next(8) == 0 ? count / 2 : Math.Min(16, count);
        return (start, Math.Min(random.Next(most + 1), count - start));
    }

    private byte[] Noise()
    {
        var noise = new byte[random.Next(1, 9)];
        random.NextBytes(noise);
        return noise;
    }

    private byte[] Number()
    {
        var number = new byte[random.Next(2) == 0 ? sizeof(int) : sizeof(long)];
        var value = Numbers[random.Next(Numbers.Length)];
        if (number.Length == sizeof(int)) BinaryPrimitives.WriteInt32LittleEndian(number, unchecked((int)value));
        else BinaryPrimitives.WriteInt64LittleEndian(number, value);
        return number;
    }

    /// <summary>Puts another value for a number in digits: parsers of text meet their limits so.</summary>
    private void ReplaceNumber(List<byte> bytes)
    {
        var start = bytes.FindIndex(random.Next(bytes.Count + 1), static b => b is >= (byte)'0' and <= (byte)'9');
        if (start < 0) return;
        var end = bytes.FindIndex(start, static b => b is not ((>= (byte)'0' and <= (byte)'9') or (byte)'.'));
        bytes.RemoveRange(start, (end < 0 ? bytes.Count : end) - start);
        bytes.InsertRange(start, Encoding.ASCII.GetBytes(Decimals[random.Next(Decimals.Length)]));
    }

    private T Pick<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];

    private static IEnumerable<string> WordsOf(byte[] input) => Word().Matches(Encoding.UTF8.GetString(input)).Select(match => match.Value);

    [GeneratedRegex("""[A-Za-z_][A-Za-z_0-9]{1,30}|\{%-?|-?%\}|\{\{|\}\}|<[|/]?[a-z_]{1,20}[|]?>|"[^"\s]{1,30}"\s*:""", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Word();
}
