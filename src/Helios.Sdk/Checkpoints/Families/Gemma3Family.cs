using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>
/// Gemma 3, the text model: Gemma 2 without soft-caps, with norms on the heads of queries and keys, and a full layer after every five
/// windowed ones. Full and windowed layers have rotary positions of their own.
/// </summary>
internal sealed class Gemma3Family : Gemma2Family
{
    private const int Context = 131_072;
    private const double GlobalTheta = 1_000_000;
    private const double LocalTheta = 10_000;

    public override string ModelType => "gemma3_text";

    public override ModelArchitecture Read(JsonField config)
    {
        var read = ReadGemma(config, Context, defaultCap: default);
        var layer = read.Stack[0];
        var local = config.TryGet("rope_parameters", out var parameters) && parameters.TryGet("sliding_attention", out var place)
            ? RopeReader.ReadPlace(config, place, layer.Attention.HeadDim, config.Context(Context), LocalTheta)
            : new RotaryLayout(config.Positive("rope_local_base_freq", LocalTheta), layer.Attention.HeadDim, RopeScaling.None);
        var pattern = config.Size(config.TryGet("sliding_window_pattern", out _) ? "sliding_window_pattern" : "_sliding_window_pattern", 6);
        var windowed = config.Windowed(read.Layers, layer => (layer + 1) % pattern != 0);
        var full = layer with { Attention = layer.Attention with { QueryKeyNorm = layer.Norm } };
        var near = full with { Attention = full.Attention with { Rotary = local, Window = config.Size("sliding_window", 4096) } };
        return read with { Stack = ConfigFields.Stack(windowed, full, near) };
    }

    protected override RotaryLayout ReadRotary(JsonField config, int headDim, int positions, double theta) =>
        config.TryGet("rope_parameters", out var parameters) && parameters.TryGet("full_attention", out var place)
            ? RopeReader.ReadPlace(config, place, headDim, positions, GlobalTheta)
            : RopeReader.Read(config, headDim, positions, GlobalTheta);
}
