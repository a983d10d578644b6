using System.Buffers;
using Helios.Sdk.Checkpoints.Identity;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>An open GGUF file, or one part of a split one.</summary>
internal sealed class GgufFile : TensorFile
{
    public const string Extension = ".gguf";

    /// <summary>Rows are read through memory of so many bytes at most where their order changes.</summary>
    private const int LargestHead = 16 << 20;

    private readonly GgufRowOrder order;

    private GgufFile(OpenFile file, GgufHeader header, GgufRowOrder order)
        : base(file, new TensorHeader(header.Bytes, 0, header.Entries))
    {
        Metadata = header.Metadata;
        this.order = order;
    }

    public GgufMetadata Metadata { get; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="order">The order that rows come in.</param>
    /// <param name="identifier">What says whether it changes; what this system offers when null.</param>
    public static GgufFile Open(string path, GgufRowOrder order, IFileIdentifier? identifier = null) =>
        Open(path, identifier, file => new GgufFile(file, GgufHeader.Read(file), order));

    /// <inheritdoc/>
    public override void ReadRows(StoredTensor tensor, long offset, Span<byte> destination)
    {
        if (!order.Changes(tensor.Name))
        {
            base.ReadRows(tensor, offset, destination);
            return;
        }

        // A bias is a column of rows of one element.
        var rowBytes = tensor.Rows == 1 ? tensor.Type.BlockBytes() : tensor.RowBytes;
        var headBytes = rowBytes * order.HeadDim;
        var buffer = headBytes <= LargestHead ? ArrayPool<byte>.Shared.Rent((int)headBytes) : null;
        try
        {
            while (!destination.IsEmpty)
            {
                var (head, inHead) = Math.DivRem(offset, headBytes);
                var count = (int)Math.Min(destination.Length, headBytes - inHead);
                ReadHead(tensor, head, rowBytes, buffer, inHead, destination[..count]);
                offset += count;
                destination = destination[count..];
            }
        }
        finally
        {
            if (buffer is not null) ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Part of one head, from a byte of it on.
    private void ReadHead(StoredTensor tensor, long head, long rowBytes, byte[]? buffer, long from, Span<byte> destination)
    {
        var start = tensor.Offset + head * rowBytes * order.HeadDim;
        if (buffer is not null) Read(tensor.Name, start, buffer.AsSpan(0, (int)(rowBytes * order.HeadDim)));
        while (!destination.IsEmpty)
        {
            var (row, inRow) = Math.DivRem(from, rowBytes);
            var count = (int)Math.Min(destination.Length, rowBytes - inRow);
            var stored = order.StoredRow((int)row) * rowBytes + inRow;
            if (buffer is not null) buffer.AsSpan((int)stored, count).CopyTo(destination);
            else Read(tensor.Name, start + stored, destination[..count]);
            from += count;
            destination = destination[count..];
        }
    }
}
