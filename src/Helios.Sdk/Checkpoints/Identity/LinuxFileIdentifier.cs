using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Helios.Sdk.Checkpoints.Identity;

/// <summary>By <c>statx</c>, whose structure is the same on every architecture.</summary>
internal sealed partial class LinuxFileIdentifier : IFileIdentifier
{
    /// <summary>The file of the handle itself, not one that a path leads to.</summary>
    private const int EmptyPath = 0x1000;

    /// <summary>Modification and change time, number and length; the device comes with them.</summary>
    private const uint Wanted = 0x40 | 0x80 | 0x100 | 0x200;

    public FileIdentity Identify(SafeFileHandle file)
    {
        if (StatX(file, "", EmptyPath, Wanted, out var stat) != 0 || (stat.Mask & Wanted) != Wanted)
            throw new IOException(Invariant($"statx failed with error {Marshal.GetLastPInvokeError()}."));
        return new FileIdentity(((ulong)stat.DeviceMajor << 32) | stat.DeviceMinor, stat.Node, (long)stat.Length, stat.Modified.Nanoseconds, stat.Changed.Nanoseconds);
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int StatX(SafeFileHandle folder, string path, int flags, uint mask, out Stat stat);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Time
    {
        private readonly long seconds;
        private readonly uint nanoseconds;
        private readonly int unused;

        public Int128 Nanoseconds => ((Int128)seconds * 1_000_000_000) + nanoseconds;
    }

    /// <summary><c>struct statx</c> of Linux, 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private readonly struct Stat
    {
        [FieldOffset(0)]
        public readonly uint Mask;

        [FieldOffset(32)]
        public readonly ulong Node;

        [FieldOffset(40)]
        public readonly ulong Length;

        [FieldOffset(96)]
        public readonly Time Changed;

        [FieldOffset(112)]
        public readonly Time Modified;

        [FieldOffset(136)]
        public readonly uint DeviceMajor;

        [FieldOffset(140)]
        public readonly uint DeviceMinor;
    }
}
