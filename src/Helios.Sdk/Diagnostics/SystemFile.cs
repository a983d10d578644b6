namespace Helios.Sdk.Diagnostics;

/// <summary>A file in which the system says something, or which is not there, or not for this user: then it says nothing.</summary>
internal sealed class SystemFile(string path)
{
    public string Path => path;

    /// <summary>The whole text without white space at its ends; null when it says nothing.</summary>
    public string? ReadText()
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public string[] ReadLines() => ReadText()?.Split('\n') ?? [];

    /// <summary>Another file of the same folder.</summary>
    public SystemFile Beside(string name) => new(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, name));
}
