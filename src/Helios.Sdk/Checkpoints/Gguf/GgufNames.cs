using System.Globalization;

namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>Names of tensors: those of GGUF files, and those that Hugging Face's layout of the same architecture has.</summary>
internal static class GgufNames
{
    private const string LayerPrefix = "blk.";

    private static readonly Dictionary<string, string> Outside = new(StringComparer.Ordinal)
    {
        ["token_embd"] = "model.embed_tokens",
        ["output_norm"] = "model.norm",
        ["output"] = "lm_head",
    };

    private static readonly Dictionary<string, string> Inside = new(StringComparer.Ordinal)
    {
        ["attn_norm"] = "input_layernorm",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_qkv"] = "self_attn.qkv_proj",
        ["attn_output"] = "self_attn.o_proj",
        ["attn_q_norm"] = "self_attn.q_norm",
        ["attn_k_norm"] = "self_attn.k_norm",
        ["ffn_norm"] = "post_attention_layernorm",
        ["ffn_gate"] = "mlp.gate_proj",
        ["ffn_up"] = "mlp.up_proj",
        ["ffn_down"] = "mlp.down_proj",
        ["post_attention_norm"] = "post_attention_layernorm",
        ["post_ffw_norm"] = "post_feedforward_layernorm",
    };

    /// <summary>Where an architecture differs, by <c>architecture/name</c>.</summary>
    private static readonly Dictionary<string, string> Special = new(StringComparer.Ordinal)
    {
        ["phi3/ffn_up"] = "mlp.gate_up_proj",
        ["gemma2/ffn_norm"] = "pre_feedforward_layernorm",
        ["gemma3/ffn_norm"] = "pre_feedforward_layernorm",
        ["starcoder2/ffn_up"] = "mlp.c_fc",
        ["starcoder2/ffn_down"] = "mlp.c_proj",
    };

    /// <summary>The name in Hugging Face's layout; a name that has none there stays.</summary>
    /// <param name="architecture">The architecture, as the file names it.</param>
    /// <param name="name">The name in the file, such as <c>blk.0.attn_q.weight</c>.</param>
    public static string ToHuggingFace(string architecture, string name)
    {
        var dot = name.LastIndexOf('.');
        if (dot < 0) return name;
        var (stem, suffix) = (name[..dot], name[dot..]);
        if (Outside.TryGetValue(stem, out var outside)) return outside + suffix;
        if (!stem.StartsWith(LayerPrefix, StringComparison.Ordinal) || stem.IndexOf('.', LayerPrefix.Length) is not (> 0 and var end)) return name;
        if (!int.TryParse(stem.AsSpan(LayerPrefix.Length, end - LayerPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var layer)) return name;
        var role = stem[(end + 1)..];
        return Special.TryGetValue($"{architecture}/{role}", out var found) || Inside.TryGetValue(role, out found)
            ? Invariant($"model.layers.{layer}.{found}{suffix}")
            : name;
    }
}
