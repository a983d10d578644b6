namespace Helios.Sdk.Checkpoints;

/// <summary>A format of the engine's own files, which are known by the keys of their root, whatever else is in them.</summary>
/// <param name="Name">What messages call such a file.</param>
/// <param name="Longest">Most bytes that are read.</param>
/// <param name="Keys">Keys that every version of the format has.</param>
internal sealed record JsonFormat(string Name, int Longest, params string[] Keys)
{
    /// <summary>Leaves a file of any other kind alone.</summary>
    /// <exception cref="IOException">There is a file, it has content, and that is not of this format.</exception>
    public void RefuseOther(string path)
    {
        if (WhyOther(path) is { } reason) throw new IOException($"{path} {reason}.");
    }

    /// <summary>Why a file must not be written over; null where there is none, or it is empty, or of this format.</summary>
    public string? WhyOther(string path) =>
        !File.Exists(path) || WholeFile.IsEmpty(path) || Has(path) ? null : $"exists and is not a {Name}, so it is not overwritten: name another file, or remove it";

    private bool Has(string path)
    {
        try
        {
            return JsonFile.Parse(path, CheckpointFile.ReadAll(path, Longest), root => Array.TrueForAll(Keys, root.HasKey));
        }
        catch (CheckpointException)
        {
            return false;
        }
    }
}
