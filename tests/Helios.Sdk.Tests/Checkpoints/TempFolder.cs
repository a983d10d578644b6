namespace Helios.Sdk.Tests.Checkpoints;

/// <summary>A folder of its own, gone when disposed.</summary>
public sealed class TempFolder : IDisposable
{
    /// <summary>Absolute path.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("helios-").FullName;

    /// <summary>Path of a file inside.</summary>
    public string this[string file] => System.IO.Path.Combine(Path, file);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
