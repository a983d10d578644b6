namespace Helios.Sdk.Checkpoints;

/// <summary>What a clone has in place of a large file whose content was not fetched.</summary>
internal static class GitLfsPointer
{
    /// <summary>Bytes that a file is known by.</summary>
    public const int Prefix = 40;

    private static ReadOnlySpan<byte> Start => "version https://git-lfs.github.com/spec/"u8;

    /// <exception cref="CheckpointException">The content is that of a pointer.</exception>
    public static void Refuse(string path, ReadOnlySpan<byte> content)
    {
        if (content.StartsWith(Start))
            throw CheckpointError.File(path, "is a Git LFS pointer and not the file itself, whose content was not fetched: run 'git lfs pull' in its folder, or download the file");
    }

    /// <summary>The same of a file that is not open yet.</summary>
    public static void Refuse(string path)
    {
        using var handle = CheckpointFile.Open(path, out var length);
        Span<byte> start = stackalloc byte[(int)Math.Min(length, Prefix)];
        CheckpointFile.Fill(handle, path, "content", 0, start);
        Refuse(path, start);
    }
}
