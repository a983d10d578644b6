using Microsoft.Win32.SafeHandles;

namespace Helios.Sdk.Checkpoints.Identity;

/// <summary>What the system says of an open file. It changes when the file is written to. Where the system does not say a part, that is 0.</summary>
/// <param name="Device">The file system that it lies on.</param>
/// <param name="Node">Its number there: inode, or file id.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Modified">When its content changed last, in units of the system.</param>
/// <param name="Changed">When its content or anything else of it changed last: names, rights, times that were set.</param>
internal readonly record struct FileIdentity(ulong Device, UInt128 Node, long Length, Int128 Modified, Int128 Changed)
{
    /// <summary>What is different in a later identity of the same file, in words; null when nothing is that its content goes by.</summary>
    public string? DifferenceFrom(FileIdentity later) =>
        (later.Device, later.Node) != (Device, Node) ? "another file is in its place"
        : later.Length != Length ? Invariant($"it had {Length} bytes and has {later.Length}")
        : later.Modified != Modified ? "its modification time is another"
        : null;
}

/// <summary>Says of open files what the system says of them. Thread-safe.</summary>
internal interface IFileIdentifier
{
    /// <summary>The identity of an open file.</summary>
    /// <exception cref="IOException">The system does not say.</exception>
    FileIdentity Identify(SafeFileHandle file);
}

/// <summary>Picks what a system offers.</summary>
internal static class FileIdentifiers
{
    /// <summary>The most telling one that works for an open file on this system.</summary>
    public static IFileIdentifier For(SafeFileHandle file) => For(file, OfThisSystem());

    /// <summary>The given one where it works for an open file; else what every system offers.</summary>
    public static IFileIdentifier For(SafeFileHandle file, IFileIdentifier preferred)
    {
        try
        {
            preferred.Identify(file);
            return preferred;
        }
        catch (Exception error) when (error is IOException or EntryPointNotFoundException or DllNotFoundException)
        {
            return new PortableFileIdentifier();
        }
    }

    private static IFileIdentifier OfThisSystem() =>
        OperatingSystem.IsLinux() ? new LinuxFileIdentifier()
        : OperatingSystem.IsMacOS() ? new MacFileIdentifier()
        : OperatingSystem.IsWindows() ? new WindowsFileIdentifier()
        : new PortableFileIdentifier();
}
