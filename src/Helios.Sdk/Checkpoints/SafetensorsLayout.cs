namespace Helios.Sdk.Checkpoints;

/// <summary>
/// Holds a header against the file: each tensor lies inside the data, has the bytes its shape and type need, and together they
/// cover the data without overlap or hole, as the format demands. After this, offsets can be trusted.
/// </summary>
internal static class SafetensorsLayout
{
    public static void Check(string file, IReadOnlyCollection<TensorEntry> entries, long dataLength)
    {
        foreach (var entry in entries)
        {
            if (entry.Begin > entry.End || entry.End > dataLength)
                throw CheckpointError.Tensor(file, entry.Name, Invariant($"has data_offsets [{entry.Begin}, {entry.End}], expected a range within the {dataLength} bytes of data"));
            CheckSize(file, entry);
        }

        CheckCover(file, entries, dataLength);
    }

    private static void CheckSize(string file, TensorEntry entry)
    {
        // Factors are below 2^63 and so is the running product: 128 bits cannot overflow.
        Int128 bits = SafetensorsTypes.BitsOf(entry.Type.Name);
        foreach (var dimension in entry.Shape)
        {
            bits *= dimension;
            if (bits > long.MaxValue)
                throw CheckpointError.Tensor(file, entry.Name, $"has shape {CheckpointError.Show(entry.Shape)}, whose size overflows 64 bits");
        }

        if (bits % 8 != 0 || bits / 8 != entry.End - entry.Begin)
        {
            throw CheckpointError.Tensor(
                file,
                entry.Name,
                Invariant($"has {entry.End - entry.Begin} bytes, but shape {CheckpointError.Show(entry.Shape)} of {entry.Type.Name} needs {(double)bits / 8}"));
        }
    }

    private static void CheckCover(string file, IReadOnlyCollection<TensorEntry> entries, long dataLength)
    {
        var covered = 0L;
        foreach (var entry in entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (entry.Begin != covered)
            {
                var what = entry.Begin < covered ? "overlaps the tensor before it" : "leaves a hole before it";
                throw CheckpointError.Tensor(file, entry.Name, Invariant($"{what}: it begins at byte {entry.Begin} of the data, expected {covered}"));
            }

            covered = entry.End;
        }

        if (covered != dataLength)
            throw CheckpointError.File(file, Invariant($"has {dataLength} bytes of data, but its tensors cover {covered}"));
    }
}
