using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// Hashes config, sidecar, each weight file's header and length, and a sample of the weights: <see cref="SampleBytes"/> from
/// the middle of every tensor. A training that goes on changes every weight of what it trains, so it changes the hash,
/// whichever tensors it leaves alone; an edit of single weights outside the sample does not. Reading all would cost minutes
/// where this costs milliseconds.
/// </summary>
internal static class Fingerprint
{
    /// <summary>Bytes of a tensor that are hashed: its middle ones, or all if it has fewer.</summary>
    public const int SampleBytes = 4096;

    public static string Compute(byte[] config, byte[]? sidecar, IReadOnlyList<TensorFile> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, config);
        Append(hash, sidecar);
        foreach (var file in files)
        {
            hash.AppendData(file.HeaderDigest);
            Append(hash, file.Length);
            AppendSamples(hash, file);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Where the sample of a tensor begins in the data of its file, and its bytes.</summary>
    public static (long Position, int Length) SampleOf(TensorEntry entry)
    {
        var length = entry.End - entry.Begin;
        var sample = (int)Math.Min(length, SampleBytes);
        return (entry.Begin + (length - sample) / 2, sample);
    }

    /// <summary>In the order in which the tensors lie, so that a disk reads forward.</summary>
    private static void AppendSamples(IncrementalHash hash, TensorFile file)
    {
        Span<byte> buffer = stackalloc byte[SampleBytes];
        foreach (var entry in file.Entries.Values.OrderBy(entry => entry.Begin).ThenBy(entry => entry.Name, StringComparer.Ordinal))
        {
            var (position, length) = SampleOf(entry);
            var sample = buffer[..length];
            file.Read(entry.Name, file.DataStart + position, sample);
            hash.AppendData(sample);
        }
    }

    /// <summary>The length goes first, so that no two sequences of parts run together into the same bytes.</summary>
    private static void Append(IncrementalHash hash, byte[]? part)
    {
        Append(hash, part?.LongLength ?? -1);
        if (part is not null) hash.AppendData(part);
    }

    private static void Append(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
