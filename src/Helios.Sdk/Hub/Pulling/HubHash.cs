using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Helios.Sdk.Hub.Pulling;

/// <summary>The hash by which a repository names a file's content, over the bytes as they come.</summary>
internal sealed class HubHash : IDisposable
{
    private readonly IncrementalHash hash;

    [SuppressMessage("Security", "CA5350", Justification = "Git names small files by SHA-1; weights are stored by LFS and named by SHA-256.")]
    public HubHash(HubFile file)
    {
        hash = IncrementalHash.CreateHash(file.IsSha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        if (!file.IsSha256) hash.AppendData(Encoding.ASCII.GetBytes(Invariant($"blob {file.Size}\0")));
    }

    public void Append(ReadOnlySpan<byte> bytes) => hash.AppendData(bytes);

    public string Finish() => Convert.ToHexStringLower(hash.GetHashAndReset());

    public void Dispose() => hash.Dispose();
}
