using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Helios.Sdk.Checkpoints.Identity;

/// <summary>By <c>GetFileInformationByHandleEx</c>. A file system without file ids, such as FAT, leaves those out.</summary>
internal sealed partial class WindowsFileIdentifier : IFileIdentifier
{
    private const int BasicInfo = 0;
    private const int IdInfo = 18;

    public FileIdentity Identify(SafeFileHandle file)
    {
        if (!GetBasic(file, BasicInfo, out var basic, Marshal.SizeOf<Basic>()))
            throw new IOException(Invariant($"GetFileInformationByHandleEx failed with error {Marshal.GetLastPInvokeError()}."));
        if (!GetId(file, IdInfo, out var id, Marshal.SizeOf<Id>())) id = default;
        return new FileIdentity(id.Volume, new UInt128(id.High, id.Low), RandomAccess.GetLength(file), basic.LastWrite, basic.Change);
    }

    [LibraryImport("kernel32", EntryPoint = "GetFileInformationByHandleEx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetBasic(SafeFileHandle file, int kind, out Basic info, int size);

    [LibraryImport("kernel32", EntryPoint = "GetFileInformationByHandleEx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetId(SafeFileHandle file, int kind, out Id info, int size);

    /// <summary><c>FILE_BASIC_INFO</c>, 40 bytes; times count 100 ns.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    private readonly struct Basic
    {
        [FieldOffset(16)]
        public readonly long LastWrite;

        [FieldOffset(24)]
        public readonly long Change;
    }

    /// <summary><c>FILE_ID_INFO</c>, 24 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 24)]
    private readonly struct Id
    {
        [FieldOffset(0)]
        public readonly ulong Volume;

        [FieldOffset(8)]
        public readonly ulong Low;

        [FieldOffset(16)]
        public readonly ulong High;
    }
}
