namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>
/// The weights of a GGUF file, of all its parts, under the names of Hugging Face's layout. Tensors of exits may lie in <c>FILE.gguf.exits.safetensors</c>.
/// </summary>
internal sealed class GgufSet : TensorSet
{
    private readonly string exits;

    private GgufSet(string exits) => this.exits = exits;

    /// <summary>Opens all parts.</summary>
    /// <param name="parts">Their paths, the first one first.</param>
    /// <param name="architecture">The architecture, as the file names it.</param>
    /// <param name="order">The order that rows come in.</param>
    /// <exception cref="CheckpointException">A part is malformed, or not of this file.</exception>
    public static GgufSet Open(string[] parts, string architecture, GgufRowOrder order)
    {
        var set = new GgufSet($"{parts[0]}.exits.safetensors");
        try
        {
            var files = new List<GgufFile>();
            foreach (var part in parts)
            {
                var file = GgufFile.Open(part, order);
                set.Add(file);
                files.Add(file);
            }

            GgufSplit.Check(files);
            for (var i = 0; i < files.Count; i++)
            {
                foreach (var (name, entry) in files[i].Entries) set.AddOwn(GgufNames.ToHuggingFace(architecture, name), i, entry);
            }

            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    protected override IEnumerable<string> Others() => File.Exists(exits) ? [exits] : [];
}
