using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Helios.Sdk.Checkpoints.Identity;

/// <summary>By <c>fstat</c> with numbers of 64 bits, as Darwin lays it out.</summary>
internal sealed partial class MacFileIdentifier : IFileIdentifier
{
    public FileIdentity Identify(SafeFileHandle file)
    {
        var failed = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? StatOfX64(file, out var stat) : StatOf(file, out stat);
        if (failed != 0) throw new IOException(Invariant($"fstat failed with error {Marshal.GetLastPInvokeError()}."));
        return new FileIdentity((ulong)stat.Device, stat.Node, stat.Length, stat.Modified.Nanoseconds, stat.Changed.Nanoseconds);
    }

    [LibraryImport("libc", EntryPoint = "fstat", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int StatOf(SafeFileHandle file, out Stat stat);

    [LibraryImport("libc", EntryPoint = "fstat$INODE64", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int StatOfX64(SafeFileHandle file, out Stat stat);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Time
    {
        private readonly long seconds;
        private readonly long nanoseconds;

        public Int128 Nanoseconds => ((Int128)seconds * 1_000_000_000) + nanoseconds;
    }

    /// <summary><c>struct stat</c> of Darwin, 144 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 144)]
    private readonly struct Stat
    {
        [FieldOffset(0)]
        public readonly int Device;

        [FieldOffset(8)]
        public readonly ulong Node;

        [FieldOffset(48)]
        public readonly Time Modified;

        [FieldOffset(64)]
        public readonly Time Changed;

        [FieldOffset(96)]
        public readonly long Length;
    }
}
