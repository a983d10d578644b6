using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// Digests that tensors are held against: SHA-256 of their bytes as stored, by name. A tensor is read through and checked before its first byte is
/// handed out; from then on the file must not change. Thread-safe.
/// </summary>
/// <param name="digests">By the names of tensors, with who names them.</param>
internal sealed class TensorDigests(IReadOnlyDictionary<string, TensorDigests.Named> digests)
{
    private const int BlockBytes = 1 << 20;

    private readonly ConcurrentDictionary<string, bool> checkedOnce = new(StringComparer.Ordinal);

    /// <summary>A digest, and the file that names it.</summary>
    public readonly record struct Named(byte[] Sha256, string By);

    /// <summary>Reads an object of digests by tensor into a table of them.</summary>
    /// <param name="list">Names of tensors with 64 hexadecimal digits.</param>
    /// <param name="into">The table; what is there stays, and must agree.</param>
    /// <exception cref="CheckpointException">A digest is malformed, or contradicts one that is there.</exception>
    public static void Read(JsonField list, Dictionary<string, Named> into)
    {
        const string Expected = "a SHA-256 as 64 hexadecimal digits";
        foreach (var (tensor, field) in list.Members())
        {
            var text = field.AsText();
            if (text.Length != 2 * SHA256.HashSizeInBytes || !text.All(char.IsAsciiHexDigit)) throw field.Bad(Expected);
            var digest = Convert.FromHexString(text);
            if (!into.TryAdd(tensor, new Named(digest, list.File)) && !into[tensor].Sha256.AsSpan().SequenceEqual(digest))
                throw field.Bad(CheckpointError.Show(text), $"{Convert.ToHexStringLower(into[tensor].Sha256)}, as {into[tensor].By} says");
        }
    }

    /// <summary>Reads a file of digests.</summary>
    public static void ReadFile(string path, Dictionary<string, Named> into) => JsonFile.Parse(path, CheckpointFile.ReadAll(path), root =>
    {
        Read(root, into);
        return into.Count;
    });

    /// <summary>Refuses a digest of a tensor that is in none of the files.</summary>
    public static void RequireTensors(Dictionary<string, Named> digests, TensorSet set)
    {
        foreach (var (tensor, named) in digests)
        {
            if ((set.Find(tensor) ?? set.FindAnywhere(tensor)) is null) throw CheckpointError.File(named.By, $"names a digest of tensor '{CheckpointError.Show(tensor)}', which is in none of the model's files");
        }
    }

    /// <summary>Holds a tensor against its digest, if it has one, before bytes of it are handed out.</summary>
    /// <param name="file">The file that it lies in.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="offset">Where reading begins in it. From its start it is checked at every load, elsewhere once.</param>
    /// <exception cref="CheckpointChangedException">Its bytes are others.</exception>
    public void Check(TensorFile file, TensorEntry tensor, long offset)
    {
        if (!digests.TryGetValue(tensor.Name, out var named) || (offset > 0 && checkedOnce.ContainsKey(tensor.Name))) return;
        var found = Hash(file, tensor);
        if (!found.AsSpan().SequenceEqual(named.Sha256))
            throw file.Changed($"tensor '{CheckpointError.Show(tensor.Name)}' has the SHA-256 {Convert.ToHexStringLower(found)}, expected {Convert.ToHexStringLower(named.Sha256)} as {named.By} says");
        checkedOnce.TryAdd(tensor.Name, true);
    }

    private static byte[] Hash(TensorFile file, TensorEntry tensor)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var length = tensor.End - tensor.Begin;
        var block = ArrayPool<byte>.Shared.Rent((int)Math.Min(BlockBytes, length));
        try
        {
            for (var done = 0L; done < length; done += block.Length)
            {
                var bytes = block.AsSpan(0, (int)Math.Min(block.Length, length - done));
                file.Read(tensor.Name, file.DataStart + tensor.Begin + done, bytes);
                hash.AppendData(bytes);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        return hash.GetHashAndReset();
    }
}
