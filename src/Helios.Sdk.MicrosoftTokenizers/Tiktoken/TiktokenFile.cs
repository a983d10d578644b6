using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.MicrosoftTokenizers.Tiktoken;

/// <summary>A file of ranks: on each line the bytes of a token in Base64, and its id, which is the rank of the merge that makes it.</summary>
internal static class TiktokenFile
{
    /// <summary>Whether a file starts as one of ranks does; a SentencePiece model starts with a byte that Base64 lacks.</summary>
    public static bool LooksLikeOne(ReadOnlySpan<byte> file)
    {
        var line = file[..Math.Max(file.IndexOf((byte)'\n'), 0)];
        var space = line.IndexOf((byte)' ');
        return space > 0 && Base64.IsValid(line[..space]);
    }

    /// <summary>Bytes by id.</summary>
    /// <exception cref="CheckpointException">A line is malformed; the message has its number.</exception>
    public static Dictionary<int, byte[]> Parse(string path, ReadOnlySpan<byte> file)
    {
        var tokens = new Dictionary<int, byte[]>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in Encoding.UTF8.GetString(file).AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsWhiteSpace()) continue;
            var space = line.IndexOf(' ');
            var bytes = new byte[line.Length];
            if (space <= 0 || !Convert.TryFromBase64Chars(line[..space], bytes, out var length) || length is 0 or > AddedToken.Longest
                || !int.TryParse(line[(space + 1)..].TrimEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id >= Vocabulary.Largest)
                throw CheckpointError.File(path, Invariant($"line {number} is '{CheckpointError.Show(line.ToString())}', expected the Base64 of 1 to {AddedToken.Longest} bytes, a space, and an id below {Vocabulary.Largest}"));
            if (!tokens.TryAdd(id, bytes[..length])) throw CheckpointError.File(path, Invariant($"line {number} has the id {id}, which another line has, expected ids that differ"));
            if (!seen.Add(line[..space].ToString())) throw CheckpointError.File(path, Invariant($"line {number} has bytes that another line has, expected tokens that differ"));
        }

        return tokens;
    }
}
