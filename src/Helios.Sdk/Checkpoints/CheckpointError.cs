namespace Helios.Sdk.Checkpoints;

/// <summary>Words every complaint about a checkpoint alike: the file, then the field or tensor, then found and expected.</summary>
internal static class CheckpointError
{
    private const int LongestShown = 80;

    /// <summary>Characters of a finding in words of the reader's own, which may quote several values.</summary>
    private const int LongestFinding = 400;

    public static CheckpointException File(string path, string problem, Exception? cause = null) =>
        Create($"{path}: {problem}.", cause);

    public static CheckpointException Field(string path, string field, string found, string expected) =>
        Create($"{path}: {(field.Length == 0 ? "the document" : Show(field))} is {Show(found, LongestFinding)}; expected {expected}.");

    public static CheckpointException Tensor(string path, string tensor, string problem, Exception? cause = null) =>
        Create($"{path}: tensor '{Show(tensor)}' {problem}.", cause);

    /// <summary>Text from a file, made fit for a log line: short, and without control characters that could forge another line.</summary>
    public static string Show(string text, int longest = LongestShown)
    {
        var cut = text.Length > longest ? text[..longest] + "..." : text;
        return string.Create(cut.Length, cut, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(source[i]) ? '?' : source[i];
        });
    }

    /// <summary>A shape as files write it: <c>[4096, 160]</c>.</summary>
    public static string Show(ReadOnlySpan<long> shape)
    {
        var text = string.Join(", ", shape.ToArray());
        return $"[{Show(text)}]";
    }

    private static CheckpointException Create(string message, Exception? cause = null) =>
        cause is null ? new CheckpointException(message) : new CheckpointException(message, cause);
}
