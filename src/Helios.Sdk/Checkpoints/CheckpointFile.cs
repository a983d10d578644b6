using Microsoft.Win32.SafeHandles;

namespace Helios.Sdk.Checkpoints;

/// <summary>Opens and reads files by position. Whatever the file system objects to becomes a <see cref="CheckpointException"/>.</summary>
internal static class CheckpointFile
{
    /// <summary>Longest JSON file read whole. Real ones have kilobytes; an index of ten thousand tensors has one megabyte.</summary>
    public const int LongestJson = 16 * 1024 * 1024;

    /// <summary>
    /// Opens for reading. Others may read and delete meanwhile, as the Hugging Face cache does. A file that has no length is refused before
    /// it is opened: no file of a model is empty, and to open a pipe is to wait for a writer.
    /// </summary>
    public static SafeFileHandle Open(string path, out long length)
    {
        SafeFileHandle? handle = null;
        try
        {
            if (File.Exists(path) && WholeFile.IsEmpty(path)) throw CheckpointError.File(path, "has 0 bytes: it is empty, or not an ordinary file");
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);
            length = RandomAccess.GetLength(handle);
            return handle;
        }
        catch (Exception e) when (IsFileTrouble(e))
        {
            handle?.Dispose();
            throw CheckpointError.File(path, $"cannot be opened: {e.Message.TrimEnd('.')}", e);
        }
    }

    /// <summary>
    /// Fills <paramref name="destination"/> from <paramref name="position"/> on; false when the file ends before.
    /// </summary>
    /// <exception cref="IOException">The file system failed.</exception>
    public static bool TryFill(SafeFileHandle handle, long position, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var read = RandomAccess.Read(handle, destination, position);
            if (read == 0) return false;
            destination = destination[read..];
            position += read;
        }

        return true;
    }

    /// <summary>Fills <paramref name="destination"/>, or says which part of which file could not be read.</summary>
    public static void Fill(SafeFileHandle handle, string path, string part, long position, Span<byte> destination)
    {
        try
        {
            if (TryFill(handle, position, destination)) return;
        }
        catch (Exception e) when (IsFileTrouble(e))
        {
            throw CheckpointError.File(path, $"{part} cannot be read: {e.Message.TrimEnd('.')}", e);
        }

        throw CheckpointError.File(
            path, Invariant($"{part} cannot be read: the file ended before byte {position + destination.Length}; was it truncated after it was opened?"));
    }

    /// <summary>Reads a small file whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="longest">Most bytes that it may have.</param>
    public static byte[] ReadAll(string path, int longest = LongestJson)
    {
        using var handle = Open(path, out var length);
        if (length > longest)
            throw CheckpointError.File(path, Invariant($"has {length} bytes, expected at most {longest}"));
        var bytes = new byte[length];
        Fill(handle, path, "content", 0, bytes);
        GitLfsPointer.Refuse(path, bytes);
        return bytes;
    }

    /// <summary>Files of a folder whose names match <paramref name="pattern"/>, in ordinal order.</summary>
    public static string[] List(string folder, string pattern)
    {
        try
        {
            return [.. Directory.GetFiles(folder, pattern).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (IsFileTrouble(e))
        {
            throw CheckpointError.File(folder, $"cannot be listed: {e.Message.TrimEnd('.')}", e);
        }
    }

    private static bool IsFileTrouble(Exception e) =>
        e is IOException or UnauthorizedAccessException or NotSupportedException;
}
