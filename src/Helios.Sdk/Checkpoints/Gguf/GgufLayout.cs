namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>
/// Holds the table of tensors against the file: types that the format knows, rows of whole blocks, sizes that do not overflow, and tensors that
/// follow each other, aligned, inside the data, as llama.cpp demands. After this, offsets can be trusted.
/// </summary>
internal static class GgufLayout
{
    public static Dictionary<string, TensorEntry> Check(string file, List<GgufTensor> tensors, long alignment, long dataLength)
    {
        var entries = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
        var covered = 0L;
        foreach (var tensor in tensors)
        {
            var type = GgufType.Of(tensor.Type) ?? throw CheckpointError.Tensor(file, tensor.Name, Invariant($"has type {tensor.Type}, expected one that the GGUF format knows"));
            var bytes = SizeOf(file, tensor, type);
            if (tensor.Offset != (ulong)covered)
                throw CheckpointError.Tensor(file, tensor.Name, Invariant($"begins at byte {tensor.Offset} of the data, expected {covered}, behind the tensor before it"));
            if (bytes > dataLength - covered)
                throw CheckpointError.Tensor(file, tensor.Name, Invariant($"has {bytes} bytes from byte {covered} of the data on, but the file ends at byte {dataLength} of it: it is damaged, or was not downloaded whole"));
            if (!entries.TryAdd(tensor.Name, new TensorEntry(tensor.Name, type.Type, [.. tensor.Shape.Select(dimension => (long)dimension)], covered, covered + bytes)))
                throw CheckpointError.Tensor(file, tensor.Name, "is in the table twice");

            // The last one may end without padding.
            covered = Math.Min(GgufHeader.Align(covered + bytes, alignment), Math.Max(dataLength, covered + bytes));
        }

        return entries;
    }

    private static long SizeOf(string file, GgufTensor tensor, GgufType type)
    {
        // Factors are below 2^63, and so is the running product: 128 bits cannot overflow.
        Int128 elements = 1;
        foreach (var dimension in tensor.Shape)
        {
            if (dimension is 0 or > long.MaxValue) throw CheckpointError.Tensor(file, tensor.Name, Invariant($"has a dimension of {dimension}, expected 1 to 2^63 - 1"));
            elements *= (long)dimension;
            if (elements > long.MaxValue) throw Overflows();
        }

        if (tensor.Shape[^1] % (ulong)type.BlockElements != 0)
            throw CheckpointError.Tensor(file, tensor.Name, Invariant($"has rows of {tensor.Shape[^1]} elements, expected a multiple of {type.BlockElements}, the block of {type.Type.Name}"));
        var bytes = elements / type.BlockElements * type.BlockBytes;
        return bytes <= long.MaxValue / 2 ? (long)bytes : throw Overflows();

        CheckpointException Overflows() => CheckpointError.Tensor(file, tensor.Name, $"has shape [{string.Join(", ", tensor.Shape)}], whose size overflows 64 bits");
    }
}
