using System.Runtime.InteropServices;
using Helios.Sdk.Backends;

namespace Helios.Sdk.Cpu.Memory;

/// <summary>
/// The one owner of native memory: every byte the backend allocates is freed by the <see cref="Dispose"/> of a buffer.
/// The memory is not cleared.
/// </summary>
internal sealed unsafe partial class NativeBuffer : IDisposable
{
    /// <summary>Bytes of a cache line, and of the widest vector.</summary>
    public const int Alignment = 64;

    private const long HugePage = 2 << 20;
    private const long WorthReturning = 1 << 20;
    private const int AdviseHugePages = 14;

    private readonly AllocationCounter counter;
    private nint address;

    public NativeBuffer(AllocationCounter counter, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        // Large pages pay only where a buffer spans some; a small one would waste address space on alignment.
        var huge = bytes >= 2 * HugePage;
        address = (nint)NativeMemory.AlignedAlloc((nuint)bytes, huge ? (nuint)HugePage : Alignment);
        this.counter = counter;
        Bytes = bytes;
        counter.Add(bytes);
        if (huge && OperatingSystem.IsLinux()) PreferHugePages(address, bytes);
    }

    /// <summary>Bytes asked for, which is what is accounted.</summary>
    public long Bytes { get; }

    /// <summary>First byte; throws once the memory is freed.</summary>
    public byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(address == 0, this);
            return (byte*)address;
        }
    }

    public void Dispose()
    {
        var held = Interlocked.Exchange(ref address, 0);
        if (held == 0) return;
        NativeMemory.AlignedFree((void*)held);
        counter.Add(-Bytes);
        if (Bytes >= WorthReturning && OperatingSystem.IsLinux()) ReturnFreePages();
    }

    // glibc keeps what was freed for itself once blocks of a size came and went: without this a process stays as large as
    // it ever was. Another C library returns pages by itself, or has no such function.
    private static void ReturnFreePages()
    {
        try
        {
            _ = TrimHeap(0);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
        }
    }

    // A hint: a C library without madvise, or a kernel without large pages, costs speed and nothing else.
    private static void PreferHugePages(nint address, long bytes)
    {
        try
        {
            _ = MemoryAdvise(address, (nuint)bytes, AdviseHugePages);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int TrimHeap(nuint padding);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MemoryAdvise(nint address, nuint length, int advice);
}
