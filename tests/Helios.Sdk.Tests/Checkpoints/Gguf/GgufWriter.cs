using System.Buffers.Binary;
using System.Text;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Checkpoints.Gguf;

/// <summary>
/// Writes GGUF files, well-formed ones and others: every field may be replaced before <see cref="ToBytes"/>. The rows of query and key projections
/// come in pairs, as llama.cpp's converter orders them.
/// </summary>
public sealed class GgufWriter
{
    public const uint Whole32 = 4;
    public const uint Real32 = 6;
    public const uint Bool = 7;
    public const uint Text = 8;
    public const uint Array = 9;
    public const uint Whole64 = 10;

    private static readonly (string HuggingFace, string Gguf)[] Names =
    [
        ("model.embed_tokens", "token_embd"), ("model.norm", "output_norm"), ("lm_head", "output"), ("model.layers.", "blk."), ("input_layernorm", "attn_norm"),
        ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"), ("self_attn.o_proj", "attn_output"),
        ("post_attention_layernorm", "ffn_norm"), ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
    ];

    public uint Magic { get; set; } = 0x46554747;

    public uint Version { get; set; } = 3;

    /// <summary>What the header says of them; as many as there are when null.</summary>
    public ulong? TensorCount { get; set; }

    public ulong? KeyCount { get; set; }

    public int Alignment { get; set; } = 32;

    public List<(string Key, uint Type, byte[] Value)> Keys { get; } = [];

    public List<GgufRaw> Tensors { get; } = [];

    /// <summary>The same model as a writer of safetensors holds.</summary>
    public static GgufWriter Of(CheckpointWriter model)
    {
        var (a, writer) = (model.Shape, new GgufWriter());
        writer.Set("general.architecture", "llama");
        writer.Set("llama.block_count", a.Layers);
        writer.Set("llama.context_length", a.ContextLength);
        writer.Set("llama.embedding_length", a.HiddenSize);
        writer.Set("llama.feed_forward_length", a.FeedForwardSize);
        writer.Set("llama.attention.head_count", a.Heads);
        writer.Set("llama.attention.head_count_kv", a.KvHeads);
        writer.Set("llama.attention.key_length", a.HeadDim);
        writer.Set("llama.attention.layer_norm_rms_epsilon", a.NormEpsilon);
        writer.Set("llama.rope.freq_base", (float)a.RopeTheta);
        writer.SetTokens(a.VocabularySize);
        foreach (var tensor in model.Tensors) writer.Add(tensor, a.HeadDim);
        return writer;
    }

    public void Set(string key, string value) => Set(key, Text, Encode(value));

    public void Set(string key, int value) => Set(key, Whole32, BitConverter.GetBytes(value));

    public void Set(string key, float value) => Set(key, Real32, BitConverter.GetBytes(value));

    public void Set(string key, bool value) => Set(key, Bool, [value ? (byte)1 : (byte)0]);

    public void Set(string key, params string[] values) => Set(key, Array, [.. BitConverter.GetBytes(Text), .. BitConverter.GetBytes(values.LongLength), .. values.SelectMany(Encode)]);

    public void Set(string key, params int[] values) => Set(key, Array, [.. BitConverter.GetBytes(5), .. BitConverter.GetBytes(values.LongLength), .. values.SelectMany(BitConverter.GetBytes)]);

    public void Set(string key, params float[] values) => Set(key, Array, [.. BitConverter.GetBytes(Real32), .. BitConverter.GetBytes(values.LongLength), .. values.SelectMany(BitConverter.GetBytes)]);

    /// <summary>Sets a value of a type by its bytes.</summary>
    public void Set(string key, uint type, byte[] value)
    {
        Remove(key);
        Keys.Add((key, type, value));
    }

    public void Remove(string key) => Keys.RemoveAll(entry => entry.Key == key);

    /// <summary>A byte-level vocabulary of so many tokens, the last of which is a control token.</summary>
    public void SetTokens(int count)
    {
        Set("tokenizer.ggml.model", "gpt2");
        Set("tokenizer.ggml.pre", "gpt-2");
        Set("tokenizer.ggml.tokens", [.. Enumerable.Range(0, count).Select(id => id == count - 1 ? "<|end|>" : $"{(char)('a' + id % 26)}{id}")]);
        Set("tokenizer.ggml.token_type", [.. Enumerable.Range(0, count).Select(id => id == count - 1 ? 3 : 1)]);
        Set("tokenizer.ggml.merges", System.Array.Empty<string>());
        Set("tokenizer.ggml.eos_token_id", 2);
    }

    public GgufRaw Tensor(string name) => Tensors.Single(tensor => tensor.Name == name);

    public void Change(string name, Func<GgufRaw, GgufRaw> change) => Tensors[Tensors.FindIndex(tensor => tensor.Name == name)] = change(Tensor(name));

    /// <summary>The file.</summary>
    public byte[] ToBytes()
    {
        var (header, data) = (Header(), new MemoryStream());
        foreach (var tensor in Tensors)
        {
            data.Write(tensor.Bytes);
            data.Write(new byte[Padding(data.Length)]);
        }

        return [.. header, .. new byte[Padding(header.Length)], .. data.ToArray()];
    }

    /// <summary>Everything in front of the data but its padding.</summary>
    public byte[] Header()
    {
        var bytes = new List<byte>();
        bytes.AddRange(BitConverter.GetBytes(Magic));
        bytes.AddRange(BitConverter.GetBytes(Version));
        bytes.AddRange(BitConverter.GetBytes(TensorCount ?? (ulong)Tensors.Count));
        bytes.AddRange(BitConverter.GetBytes(KeyCount ?? (ulong)Keys.Count));
        foreach (var (key, type, value) in Keys)
        {
            bytes.AddRange(Encode(key));
            bytes.AddRange(BitConverter.GetBytes(type));
            bytes.AddRange(value);
        }

        var offset = 0L;
        foreach (var tensor in Tensors)
        {
            bytes.AddRange(Encode(tensor.Name));
            bytes.AddRange(BitConverter.GetBytes(tensor.Dimensions.Length));
            foreach (var dimension in tensor.Dimensions) bytes.AddRange(BitConverter.GetBytes(dimension));
            bytes.AddRange(BitConverter.GetBytes(tensor.Type));
            bytes.AddRange(BitConverter.GetBytes(tensor.Offset ?? (ulong)offset));
            offset += tensor.Bytes.Length + Padding(tensor.Bytes.Length);
        }

        return [.. bytes];
    }

    /// <summary>Writes the file into a new folder, which the caller disposes.</summary>
    public TempFolder Write(string name = "model.gguf")
    {
        var folder = new TempFolder();
        File.WriteAllBytes(folder[name], ToBytes());
        return folder;
    }

    public static byte[] Encode(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        var bytes = new byte[8 + utf8.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, utf8.Length);
        utf8.CopyTo(bytes, 8);
        return bytes;
    }

    /// <summary>The name of a tensor in GGUF files.</summary>
    public static string NameOf(string huggingFace) => Names.Aggregate(huggingFace, (name, pair) => name.Replace(pair.HuggingFace, pair.Gguf, StringComparison.Ordinal));

    private void Add(RawTensor tensor, int headDim)
    {
        var name = NameOf(tensor.Name);
        var rowBytes = tensor.Bytes.Length / (int)tensor.Shape[0];
        var bytes = name.EndsWith("attn_q.weight", StringComparison.Ordinal) || name.EndsWith("attn_k.weight", StringComparison.Ordinal) ? InPairs(tensor.Bytes, rowBytes, headDim) : tensor.Bytes;
        Tensors.Add(new GgufRaw(name, [.. tensor.Shape.Reverse().Select(dimension => (ulong)dimension)], TypeNumber(tensor.Type), bytes));
    }

    /// <summary>Row 2i of a head is the row i, row 2i + 1 is the row i + headDim / 2.</summary>
    public static byte[] InPairs(byte[] rows, int rowBytes, int headDim)
    {
        var paired = new byte[rows.Length];
        for (var row = 0; row < rows.Length / rowBytes; row++)
        {
            var (head, inHead) = Math.DivRem(row, headDim);
            var source = head * headDim + inHead / 2 + inHead % 2 * (headDim / 2);
            rows.AsSpan(source * rowBytes, rowBytes).CopyTo(paired.AsSpan(row * rowBytes));
        }

        return paired;
    }

    private static uint TypeNumber(string type) => type switch { "F32" => 0, "F16" => 1, "BF16" => 30, _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No number is known.") };

    private int Padding(long length) => (int)((Alignment - length % Alignment) % Alignment);
}

/// <summary>A tensor as a GGUF file has it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Dimensions">The innermost one first.</param>
/// <param name="Type">Number of its type.</param>
/// <param name="Bytes">Its content.</param>
/// <param name="Offset">Where the table says that it lies; where it lies when null.</param>
public sealed record GgufRaw(string Name, ulong[] Dimensions, uint Type, byte[] Bytes, ulong? Offset = null);
