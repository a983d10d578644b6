namespace Helios.Sdk.Checkpoints;

/// <summary>Files that are written whole or not at all: beside their place, and moved there.</summary>
internal static class WholeFile
{
    /// <summary>A file beside its place that was not written to for so long belongs to a process that was killed.</summary>
    private static readonly TimeSpan Abandoned = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Writes a file. Who reads it finds the old one or the new one; of two that write it at once, the last one wins. A link stays, and
    /// what it leads to is written. What has no content to lose, such as a device or a pipe, is written to where it is.
    /// </summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The file system failed; what was there before is still there.</exception>
    public static void Write(string path, Action<FileStream> write)
    {
        var full = Target(path);
        if (File.Exists(full) && IsEmpty(full))
        {
            using var stream = new FileStream(full, FileMode.Open, FileAccess.Write, FileShare.Read);
            write(stream);
            return;
        }

        var beside = $"{full}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            RemoveAbandoned(full, File.GetLastWriteTimeUtc(beside));
            File.Move(beside, full, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    /// <summary>Whether a file that is there has no content. Pipes and devices have none.</summary>
    public static bool IsEmpty(string path) => new FileInfo(Target(path)).Length == 0;

    /// <summary>The file that a path leads to, over links too.</summary>
    private static string Target(string path) => (File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? Path.GetFullPath(path);

    /// <param name="full">The file.</param>
    /// <param name="now">The present by the clock of its file system.</param>
    private static void RemoveAbandoned(string full, DateTime now)
    {
        foreach (var file in new DirectoryInfo(Path.GetDirectoryName(full)!).EnumerateFiles($"{Path.GetFileName(full)}.*.tmp"))
        {
            var name = file.Name.AsSpan(Path.GetFileName(full).Length + 1)[..^".tmp".Length];
            if (Guid.TryParseExact(name, "N", out _) && now - file.LastWriteTimeUtc > Abandoned) file.Delete();
        }
    }
}
