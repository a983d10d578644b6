using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// Reads rotary base and scaling from wherever the version of transformers that wrote the config put them: <c>rope_theta</c>
/// beside <c>rope_scaling</c>, or both inside <c>rope_parameters</c>. Places that disagree are refused.
/// </summary>
internal static class RopeReader
{
    private const double DefaultTheta = 10000;

    // HF ignores those that a rule has no use for; any other key may change results, so it is refused.
    private static readonly string[] KnownKeys =
    [
        "rope_type", "type", "factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings",
        "rope_theta", "partial_rotary_factor",
    ];

    public static (double Theta, RopeScaling Scaling) Read(JsonField config)
    {
        RequireWholeHeads(config);
        var theta = ReadTheta(config);
        RopeScaling? scaling = null;
        foreach (var place in new[] { "rope_scaling", "rope_parameters" })
        {
            if (!config.TryGet(place, out var field)) continue;
            field.OnlyKeys(KnownKeys);
            RequireWholeHeads(field);
            theta = Agree(field, "rope_theta", theta, ReadTheta(field));
            var read = ReadScaling(field);
            if (scaling is not null && scaling != read) throw field.Bad("the same as rope_scaling, or only one of them");
            scaling = read;
        }

        return (theta ?? DefaultTheta, scaling ?? RopeScaling.None);
    }

    private static double? ReadTheta(JsonField place)
    {
        if (!place.TryGet("rope_theta", out var field)) return null;
        var theta = field.AsNumber();
        return theta > 0 ? theta : throw field.Bad("a number above 0");
    }

    private static double? Agree(JsonField place, string name, double? before, double? here)
    {
        if (before is { } known && here is { } found && !known.Equals(found))
            throw CheckpointError.Field(place.File, $"{place.Path}.{name}", Invariant($"{found}"), Invariant($"{known} as elsewhere in the file"));
        return here ?? before;
    }

    private static RopeScaling ReadScaling(JsonField field)
    {
        const string Supported = "default, linear or llama3";
        var type = field.Text("rope_type");
        var legacy = field.Text("type");
        if (type is not null && legacy is not null && type != legacy)
            throw CheckpointError.Field(field.File, $"{field.Path}.type", legacy, $"{type} as in rope_type");

        switch (type ?? legacy)
        {
            case "default":
                return RopeScaling.None;
            case "linear":
                return new RopeScaling(RopeScalingKind.Linear, AtLeastOne(field, "factor"));
            case "llama3":
                return ReadLlama3(field);
            case null when !field.TryGet("factor", out _):
                return RopeScaling.None; // rope_parameters that carry the base alone
            case null:
                throw CheckpointError.Field(field.File, $"{field.Path}.rope_type", "missing", Supported);
            case var other:
                throw CheckpointError.Field(field.File, $"{field.Path}.rope_type", other, Supported);
        }
    }

    private static RopeScaling ReadLlama3(JsonField field)
    {
        var low = Positive(field, "low_freq_factor");
        var high = Positive(field, "high_freq_factor");
        if (high <= low) // equal ones would divide by zero in the blend
            throw CheckpointError.Field(field.File, $"{field.Path}.high_freq_factor", Invariant($"{high}"), Invariant($"more than low_freq_factor, which is {low}"));
        var original = field.Int("original_max_position_embeddings", 1, ConfigReader.LongestContext);
        return new RopeScaling(RopeScalingKind.Llama3, AtLeastOne(field, "factor"), low, high, original);
    }

    private static double AtLeastOne(JsonField place, string name)
    {
        var field = place.Required(name, "a number of at least 1");
        var value = field.AsNumber();
        return value >= 1 ? value : throw field.Bad("a number of at least 1");
    }

    private static double Positive(JsonField place, string name)
    {
        var field = place.Required(name, "a number above 0");
        var value = field.AsNumber();
        return value > 0 ? value : throw field.Bad("a number above 0");
    }

    /// <summary>Rotating a part of each head is another computation than the one offered here.</summary>
    private static void RequireWholeHeads(JsonField place)
    {
        if (place.TryGet("partial_rotary_factor", out var field) && !field.AsNumber().Equals(1.0)) throw field.Bad("1");
    }
}
