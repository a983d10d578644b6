namespace Helios.Peers.Models;

/// <summary>One tensor of the model under its two names.</summary>
/// <param name="HuggingFace">Name in safetensors.</param>
/// <param name="Gguf">Name in GGUF.</param>
/// <param name="Rows">Rows; 1 for a norm.</param>
/// <param name="Columns">Elements of a row.</param>
/// <param name="Mean">Mean of the weights.</param>
/// <param name="Deviation">Standard deviation of the weights.</param>
/// <param name="RotaryHeads">Heads whose rows rotary positions turn in pairs; 0 for other tensors.</param>
internal sealed record TensorPlan(
    string HuggingFace, string Gguf, int Rows, int Columns, double Mean, double Deviation, int RotaryHeads = 0)
{
    public bool IsNorm => Rows == 1;

    public long Elements => (long)Rows * Columns;

    /// <summary>
    /// The row of the Hugging Face tensor that is row <paramref name="row"/> in GGUF. Hugging Face turns element i of a head
    /// with element i + headDim/2, llama.cpp elements 2i and 2i + 1: the same pairs once the rows are interleaved.
    /// </summary>
    public int GgufRowSource(int row)
    {
        if (RotaryHeads == 0) return row;
        var headDim = Rows / RotaryHeads;
        var (head, inHead) = Math.DivRem(row, headDim);
        var (pair, second) = Math.DivRem(inHead, 2);
        return head * headDim + second * (headDim / 2) + pair;
    }

    /// <summary>
    /// All tensors of a model. Deviations keep the residual stream, the attention scores and the logits of the order of a
    /// trained model's, so that a wrong rotation or mask shows in the output.
    /// </summary>
    public static IReadOnlyList<TensorPlan> For(LlamaShape shape)
    {
        var (hidden, ffn) = (shape.Hidden, shape.FeedForward);
        var plan = new List<TensorPlan> { Matrix("model.embed_tokens", "token_embd", shape.Vocabulary, hidden, gain: Math.Sqrt(hidden)) };
        for (var i = 0; i < shape.Layers; i++)
        {
            var (from, to) = ($"model.layers.{i}", $"blk.{i}");
            plan.Add(Norm($"{from}.input_layernorm", $"{to}.attn_norm", hidden));
            plan.Add(Matrix($"{from}.self_attn.q_proj", $"{to}.attn_q", hidden, hidden, 1.4, shape.Heads));
            plan.Add(Matrix($"{from}.self_attn.k_proj", $"{to}.attn_k", shape.KvSize, hidden, 1.4, shape.KvHeads));
            plan.Add(Matrix($"{from}.self_attn.v_proj", $"{to}.attn_v", shape.KvSize, hidden));
            plan.Add(Matrix($"{from}.self_attn.o_proj", $"{to}.attn_output", hidden, hidden));
            plan.Add(Norm($"{from}.post_attention_layernorm", $"{to}.ffn_norm", hidden));
            plan.Add(Matrix($"{from}.mlp.gate_proj", $"{to}.ffn_gate", ffn, hidden));
            plan.Add(Matrix($"{from}.mlp.up_proj", $"{to}.ffn_up", ffn, hidden));
            plan.Add(Matrix($"{from}.mlp.down_proj", $"{to}.ffn_down", hidden, ffn));
        }

        plan.Add(Norm("model.norm", "output_norm", hidden));
        plan.Add(Matrix("lm_head", "output", shape.Vocabulary, hidden, gain: 3));
        return plan;
    }

    private static TensorPlan Norm(string from, string to, int size) =>
        new($"{from}.weight", $"{to}.weight", 1, size, Mean: 1, Deviation: 0.1);

    private static TensorPlan Matrix(string from, string to, int rows, int columns, double gain = 1, int rotaryHeads = 0) =>
        new($"{from}.weight", $"{to}.weight", rows, columns, Mean: 0, gain / Math.Sqrt(columns), rotaryHeads);
}
