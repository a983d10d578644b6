namespace Helios.Sdk.Checkpoints;

/// <summary>Reads <c>model.safetensors.index.json</c>: which shard holds which tensor.</summary>
internal static class ShardIndex
{
    public const string FileName = "model.safetensors.index.json";

    /// <summary>Shard names by tensor name. Each is a plain file name inside the checkpoint's folder.</summary>
    public static Dictionary<string, string> Read(string path) =>
        JsonFile.Parse(path, CheckpointFile.ReadAll(path), index =>
        {
            var map = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (tensor, shard) in index.Required("weight_map", "an object of file names by tensor").Members())
                map.Add(tensor, ReadShardName(shard));
            return map.Count > 0 ? map : throw CheckpointError.Field(path, "weight_map", "empty", "an object of file names by tensor");
        });

    /// <summary>
    /// The index comes with the weights, from who knows where: a name with a separator, a drive or a control character in it
    /// could point outside the folder, so none is taken, on any operating system.
    /// </summary>
    private static string ReadShardName(JsonField field)
    {
        var name = field.AsText();
        if (name.EndsWith(".safetensors", StringComparison.Ordinal) && name.IndexOfAny(['/', '\\', ':']) < 0 && !name.Any(char.IsControl))
            return name;
        throw field.Bad("the plain name of a .safetensors file beside the index");
    }
}
