using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>
/// A family of models: how its config describes an architecture, and how its files name tensors. Names are those of Hugging Face's
/// checkpoints. The base is the naming of Llama, which most families share.
/// </summary>
internal abstract class Family
{
    /// <summary><c>model_type</c> of the configs.</summary>
    public abstract string ModelType { get; }

    /// <summary>What a checkpoint may put before its names; the first that fits its embedding counts.</summary>
    public virtual IReadOnlyList<string> Prefixes => ["model.", "", "language_model.model.", "model.language_model."];

    /// <summary>Name of the LM head, before which no prefix stands but that of a text model within a larger one.</summary>
    public virtual string Head => "lm_head";

    /// <summary>What stands before the number of a layer.</summary>
    public virtual string Layers => "layers.";

    /// <summary>Reads the architecture.</summary>
    /// <param name="config">The config of the text model.</param>
    /// <exception cref="CheckpointException">A field is missing, out of range, or asks for what is not computed.</exception>
    public abstract ModelArchitecture Read(JsonField config);

    /// <summary>Where the files hold a tensor.</summary>
    /// <param name="spec">The tensor.</param>
    /// <param name="architecture">The model.</param>
    public virtual TensorSource Locate(TensorSpec spec, ModelArchitecture architecture) => TensorSource.Whole(NameOf(spec.Key), spec);

    /// <summary>Name of the module that holds a role, within its layer.</summary>
    public virtual string Module(TensorRole role) => role switch
    {
        TensorRole.Embedding => "embed_tokens",
        TensorRole.FinalNorm => "norm",
        TensorRole.Head => Head,
        TensorRole.AttentionNorm => "input_layernorm",
        TensorRole.Query => "self_attn.q_proj",
        TensorRole.Key => "self_attn.k_proj",
        TensorRole.Value => "self_attn.v_proj",
        TensorRole.QueryNorm => "self_attn.q_norm",
        TensorRole.KeyNorm => "self_attn.k_norm",
        TensorRole.AttentionOutput => "self_attn.o_proj",
        TensorRole.FeedForwardNorm => "post_attention_layernorm",
        TensorRole.Router => "mlp.gate",
        TensorRole.Gate => "mlp.gate_proj",
        TensorRole.Up => "mlp.up_proj",
        TensorRole.Down => "mlp.down_proj",
        _ => throw new NotSupportedException($"{ModelType} has no {role}."),
    };

    /// <summary>Place of a role among query, key and value, where one tensor holds them; -1 for others.</summary>
    protected static int PlaceInQueryKeyValue(TensorRole role) => role switch { TensorRole.Query => 0, TensorRole.Key => 1, TensorRole.Value => 2, _ => -1 };

    /// <summary>Name of a tensor, without the prefix of the model.</summary>
    protected string NameOf(TensorKey key)
    {
        var module = Module(key.Role);
        if (key.Expert >= 0) module = module.Replace("mlp.", Invariant($"mlp.experts.{key.Expert}."), StringComparison.Ordinal);
        var part = key.Part == TensorPart.Bias ? "bias" : "weight";
        return key.Layer < 0 ? $"{module}.{part}" : Invariant($"{Layers}{key.Layer}.{module}.{part}");
    }
}
