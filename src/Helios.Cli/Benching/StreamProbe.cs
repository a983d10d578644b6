using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Helios.Cli.Benching;

/// <summary>
/// Reads a buffer far larger than any cache from start to end with vector loads, on as many threads as the model has: the
/// bandwidth there is for weights at this moment. Memory is prepared as the backend's weights are, in large pages where
/// the system grants them.
/// </summary>
internal sealed unsafe partial class StreamProbe : IDisposable
{
    private const long BufferBytes = 512L << 20;
    private const long PieceBytes = 1 << 20;
    private const nuint HugePage = 2 << 20;
    private const int AdviseHugePages = 14;

    private readonly int threads;
    private readonly TimeProvider time;
    private readonly byte* buffer;
    private long next;
    private ulong sink;

    public StreamProbe(int threads, TimeProvider time)
    {
        this.threads = threads;
        this.time = time;
        buffer = (byte*)NativeMemory.AlignedAlloc((nuint)BufferBytes, HugePage);
        if (OperatingSystem.IsLinux()) PreferHugePages();
        new Span<byte>(buffer, (int)BufferBytes).Fill(1);
    }

    /// <summary>Reads it once; returns billions of bytes a second.</summary>
    public double Measure()
    {
        next = 0;
        using var start = new Barrier(threads);
        var helpers = new Thread[threads - 1];
        for (var i = 0; i < helpers.Length; i++)
        {
            helpers[i] = new Thread(ReadTogether) { IsBackground = true };
            helpers[i].Start(start);
        }

        start.SignalAndWait();
        var started = time.GetTimestamp();
        ReadPieces();
        foreach (var helper in helpers) helper.Join();
        return BufferBytes / time.GetElapsedTime(started).TotalSeconds / 1e9;
    }

    public void Dispose() => NativeMemory.AlignedFree(buffer);

    private void ReadTogether(object? start)
    {
        ((Barrier)start!).SignalAndWait();
        ReadPieces();
    }

    private void ReadPieces()
    {
        while (Interlocked.Add(ref next, PieceBytes) - PieceBytes is var piece && piece < BufferBytes) Read(buffer + piece);
    }

    // What was read is summed and kept, so that no load can be left out.
    private void Read(byte* piece)
    {
        var (a, b, c, d) = (Vector512<ulong>.Zero, Vector512<ulong>.Zero, Vector512<ulong>.Zero, Vector512<ulong>.Zero);
        for (var at = piece; at < piece + PieceBytes; at += 256)
        {
            a ^= Vector512.Load((ulong*)at);
            b ^= Vector512.Load((ulong*)(at + 64));
            c ^= Vector512.Load((ulong*)(at + 128));
            d ^= Vector512.Load((ulong*)(at + 192));
        }

        Interlocked.Add(ref sink, Vector512.Sum(a ^ b ^ c ^ d));
    }

    private void PreferHugePages()
    {
        try
        {
            _ = MemoryAdvise((nint)buffer, (nuint)BufferBytes, AdviseHugePages);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            // A hint: without it the probe reads small pages.
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MemoryAdvise(nint address, nuint length, int advice);
}
