using Microsoft.Win32.SafeHandles;

namespace Helios.Sdk.Checkpoints.Identity;

/// <summary>Length and time of the last write, which every system offers.</summary>
internal sealed class PortableFileIdentifier : IFileIdentifier
{
    public FileIdentity Identify(SafeFileHandle file) => new(0, 0, RandomAccess.GetLength(file), File.GetLastWriteTimeUtc(file).Ticks, 0);
}
