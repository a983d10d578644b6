using System.Text;

namespace Helios.Peers.Models;

/// <summary>
/// Writes the model as GGUF version 3, every matrix in one format and norms in F32. It has no tokenizer: ids go in and
/// logits come out.
/// </summary>
internal static class GgufFile
{
    private const int Alignment = 32;

    public static void Write(LlamaShape shape, GgufFormat format, string path)
    {
        var plan = TensorPlan.For(shape);
        using var file = File.Create(path, bufferSize: 1 << 20);
        using var writer = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true);
        WriteHeader(writer, shape, plan, format);

        var longest = plan.Max(tensor => tensor.Columns);
        var (bf16, row, bytes) = (new ushort[longest], new float[longest], new byte[longest * sizeof(float)]);
        for (var index = 0; index < plan.Count; index++)
        {
            var tensor = plan[index];
            Pad(writer);
            var encoded = bytes.AsSpan(0, GgufRows.Bytes(FormatOf(tensor, format), tensor.Columns));
            for (var r = 0; r < tensor.Rows; r++)
            {
                RandomWeights.Fill(tensor, index, tensor.GgufRowSource(r), bf16.AsSpan(0, tensor.Columns));
                RandomWeights.ToSingle(bf16.AsSpan(0, tensor.Columns), row);
                GgufRows.Encode(FormatOf(tensor, format), row.AsSpan(0, tensor.Columns), encoded);
                writer.Write(encoded);
            }
        }
    }

    private static GgufFormat FormatOf(TensorPlan tensor, GgufFormat format) => tensor.IsNorm ? GgufFormat.F32 : format;

    private static void WriteHeader(BinaryWriter writer, LlamaShape shape, IReadOnlyList<TensorPlan> plan, GgufFormat format)
    {
        (string Key, object Value)[] metadata =
        [
            ("general.architecture", "llama"),
            ("general.alignment", (uint)Alignment),
            ("llama.vocab_size", (uint)shape.Vocabulary),
            ("llama.context_length", (uint)LlamaShape.ContextLength),
            ("llama.embedding_length", (uint)shape.Hidden),
            ("llama.block_count", (uint)shape.Layers),
            ("llama.feed_forward_length", (uint)shape.FeedForward),
            ("llama.rope.dimension_count", (uint)shape.HeadDim),
            ("llama.rope.freq_base", LlamaShape.RopeTheta),
            ("llama.attention.head_count", (uint)shape.Heads),
            ("llama.attention.head_count_kv", (uint)shape.KvHeads),
            ("llama.attention.layer_norm_rms_epsilon", LlamaShape.NormEpsilon),
            ("tokenizer.ggml.model", "no_vocab"),
        ];

        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)plan.Count);
        writer.Write((ulong)metadata.Length);
        foreach (var (key, value) in metadata)
        {
            WriteText(writer, key);
            WriteValue(writer, value);
        }

        var offset = 0L;
        foreach (var tensor in plan)
        {
            WriteText(writer, tensor.Gguf);
            long[] sizes = tensor.IsNorm ? [tensor.Columns] : [tensor.Columns, tensor.Rows];
            writer.Write((uint)sizes.Length);
            foreach (var size in sizes) writer.Write(size);
            writer.Write((uint)FormatOf(tensor, format));
            writer.Write(offset);
            offset = Align(offset + (long)tensor.Rows * GgufRows.Bytes(FormatOf(tensor, format), tensor.Columns));
        }

        Pad(writer);
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case uint number:
                writer.Write(4u);
                writer.Write(number);
                break;
            case float number:
                writer.Write(6u);
                writer.Write(number);
                break;
            case string text:
                writer.Write(8u);
                WriteText(writer, text);
                break;
            default:
                throw new ArgumentException($"{value.GetType().Name} is not a GGUF type that is written here.", nameof(value));
        }
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        writer.Write((ulong)Encoding.UTF8.GetByteCount(text));
        writer.Write(Encoding.UTF8.GetBytes(text));
    }

    private static long Align(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    private static void Pad(BinaryWriter writer)
    {
        writer.Flush();
        var position = writer.BaseStream.Position;
        writer.Write(new byte[Align(position) - position]);
    }
}
