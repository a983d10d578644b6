namespace Helios.Fuzz;

/// <summary>A folder of a target's own for inputs that are read as files; removed at the end. Belongs to one thread.</summary>
internal sealed class Scratch : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("helios-fuzz-");

    public string Folder => folder.FullName;

    /// <summary>Writes a file, and returns its path.</summary>
    public string Write(string name, ReadOnlySpan<byte> content)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    public void Dispose() => folder.Delete(recursive: true);
}
