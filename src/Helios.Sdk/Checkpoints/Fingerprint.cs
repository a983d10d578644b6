using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// Hashes what is read anyway: config, sidecar, and each weight file's header and length. Not the weights, which would cost
/// minutes; so two trainings of one shape under one config are told apart only where these differ.
/// </summary>
internal static class Fingerprint
{
    public static string Compute(byte[] config, byte[]? sidecar, IReadOnlyList<SafetensorsFile> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, config);
        Append(hash, sidecar);
        foreach (var file in files)
        {
            hash.AppendData(file.HeaderDigest);
            Append(hash, file.Length);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
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
