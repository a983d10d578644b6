using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>
/// Reads rotary base, width and scaling from the places in which versions of transformers put them: <c>rope_theta</c>
/// beside <c>rope_scaling</c>, or both inside <c>rope_parameters</c>. Places that disagree are refused.
/// </summary>
internal static class RopeReader
{
    private static readonly string[] Places = ["rope_scaling", "rope_parameters"];

    // Keys that a rule has no use for are ignored by transformers; any other key may change results, so it is refused.
    private static readonly string[] KnownKeys =
    [
        "rope_type", "type", "factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings", "rope_theta", "partial_rotary_factor",
        "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "attention_factor", "truncate", "short_factor", "long_factor",
        "short_mscale", "long_mscale", "finetuned",
    ];

    /// <summary>Reads the rotary positions of a model.</summary>
    /// <param name="config">The config.</param>
    /// <param name="headDim">Width of a head.</param>
    /// <param name="context">Maximum positions that the config names.</param>
    /// <param name="defaultTheta">Base where none is given.</param>
    /// <param name="defaultFraction">Part of a head that turns, where none is given.</param>
    public static RotaryLayout Read(JsonField config, int headDim, int context, double defaultTheta = 10_000, double defaultFraction = 1)
    {
        var places = Places.Where(name => config.TryGet(name, out _)).Select(name => config[name]).ToList();
        return Read(config, places, headDim, context, defaultTheta, defaultFraction);
    }

    /// <summary>Reads the rotary positions of one kind of layers from its own place.</summary>
    public static RotaryLayout ReadPlace(JsonField config, JsonField place, int headDim, int context, double defaultTheta) =>
        Read(config, [place], headDim, context, defaultTheta, 1);

    /// <summary>Tokens that a model takes: a dynamic base goes beyond the positions of the config.</summary>
    public static int ContextOf(RotaryLayout rotary, int context) =>
        rotary.Scaling is DynamicRopeScaling dynamic ? (int)Math.Min(ConfigFields.LongestContext, context * dynamic.Factor) : context;

    private static RotaryLayout Read(JsonField config, IReadOnlyList<JsonField> places, int headDim, int context, double defaultTheta, double defaultFraction)
    {
        var theta = Number(config, "rope_theta", 0) ?? Number(config, "rotary_emb_base", 0);
        var fraction = Number(config, "partial_rotary_factor", 0) ?? Number(config, "rotary_pct", 0);
        RopeScaling? scaling = null;
        foreach (var place in places)
        {
            place.OnlyKeys(KnownKeys);
            theta = Agree(place, "rope_theta", theta);
            fraction = Agree(place, "partial_rotary_factor", fraction);
        }

        var holder = places.Where(place => place.TryGet("partial_rotary_factor", out _)).Select(place => $"{place.Path}.").FirstOrDefault();
        var dimensions = Dimensions(config, headDim, fraction ?? defaultFraction, holder);
        foreach (var place in places)
        {
            var read = ReadScaling(config, place, dimensions, context);
            if (scaling is not null && scaling != read) throw place.Bad("the same as rope_scaling, or only one of them");
            scaling = read;
        }

        return new RotaryLayout(theta ?? defaultTheta, dimensions, scaling ?? RopeScaling.None);
    }

    private static int Dimensions(JsonField config, int headDim, double fraction, string? holder)
    {
        var dimensions = (int)(headDim * fraction);
        return fraction <= 1 && dimensions > 0 && dimensions % 2 == 0
            ? dimensions
            : throw CheckpointError.Field(config.File, $"{holder}partial_rotary_factor", Invariant($"{fraction}"), Invariant($"a part of the {headDim} elements of a head that is even"));
    }

    private static double? Number(JsonField place, string name, double above)
    {
        if (!place.TryGet(name, out var field)) return null;
        var number = field.AsNumber();
        return number > above ? number : throw field.Bad(Invariant($"a number above {above}"));
    }

    private static double? Agree(JsonField place, string name, double? before)
    {
        var here = Number(place, name, 0);
        if (before is { } known && here is { } found && !known.Equals(found))
            throw CheckpointError.Field(place.File, $"{place.Path}.{name}", Invariant($"{found}"), Invariant($"{known} as elsewhere in the file"));
        return here ?? before;
    }

    private static RopeScaling ReadScaling(JsonField config, JsonField place, int dimensions, int context)
    {
        const string Supported = "default, linear, dynamic, llama3, yarn or longrope";
        var type = place.Text("rope_type");
        var legacy = place.Text("type");
        if (type is not null && legacy is not null && type != legacy)
            throw CheckpointError.Field(place.File, $"{place.Path}.type", legacy, $"{type} as in rope_type");

        switch (type ?? legacy)
        {
            case "default":
                return RopeScaling.None;
            case "linear":
                return new LinearRopeScaling(AtLeastOne(place, "factor"));
            case "dynamic":
                return new DynamicRopeScaling(AtLeastOne(place, "factor"), Original(config, place) ?? context);
            case "llama3":
                return ReadLlama3(place);
            case "yarn" or "su" when place.TryGet("short_factor", out _): // early names of longrope, in Phi-3
            case "longrope":
                return ReadLong(config, place, dimensions, context);
            case "yarn":
                return ReadYarn(config, place, context);
            case null when !place.TryGet("factor", out _):
                return RopeScaling.None; // rope_parameters that carry the base alone
            case null:
                throw CheckpointError.Field(place.File, $"{place.Path}.rope_type", "missing", Supported);
            case var other:
                throw CheckpointError.Field(place.File, $"{place.Path}.rope_type", other, Supported);
        }
    }

    private static Llama3RopeScaling ReadLlama3(JsonField place)
    {
        var low = place.Positive("low_freq_factor");
        var high = place.Positive("high_freq_factor");
        if (high <= low) // equal ones would divide by zero in the blend
            throw CheckpointError.Field(place.File, $"{place.Path}.high_freq_factor", Invariant($"{high}"), Invariant($"more than low_freq_factor, which is {low}"));
        var original = place.Int("original_max_position_embeddings", 1, ConfigFields.LongestContext);
        return new Llama3RopeScaling(AtLeastOne(place, "factor"), low, high, original);
    }

    private static YarnRopeScaling ReadYarn(JsonField config, JsonField place, int context)
    {
        var original = Original(config, place) ?? context;
        var factor = place.TryGet("factor", out _) ? AtLeastOne(place, "factor") : Math.Max(1, (double)context / original);
        double? given = place.TryGet("attention_factor", out _) ? place.Positive("attention_factor") : null;
        var (m, all) = (place.Number("mscale", 0), place.Number("mscale_all_dim", 0));
        if (given is null && m > 0 && all > 0) given = YarnRopeScaling.Magnitude(factor, m) / YarnRopeScaling.Magnitude(factor, all);
        return new YarnRopeScaling(factor, original)
        {
            BetaFast = place.Positive("beta_fast", 32),
            BetaSlow = place.Positive("beta_slow", 1),
            Truncates = place.Flag("truncate", fallback: true),
            GivenAttentionFactor = given,
        };
    }

    private static LongRopeScaling ReadLong(JsonField config, JsonField place, int dimensions, int context)
    {
        var original = Original(config, place);
        var factor = original is { } from ? (double)context / from : place.TryGet("factor", out _) ? AtLeastOne(place, "factor") : 1;
        var within = original ?? context;
        var attention = place.TryGet("attention_factor", out _) ? place.Positive("attention_factor")
            : factor <= 1 ? 1
            : Math.Sqrt(1 + Math.Log(factor) / Math.Log(within));
        return new LongRopeScaling(Factors(place, "short_factor", dimensions), Factors(place, "long_factor", dimensions), within, attention);
    }

    private static List<double> Factors(JsonField place, string name, int dimensions)
    {
        var expected = Invariant($"a list of {dimensions / 2} numbers above 0");
        var field = place.Required(name, expected);
        if (field.ArrayLength(expected) != dimensions / 2) throw field.Bad(Invariant($"{field.ArrayLength(expected)} numbers"), expected);
        return [.. field.Items(expected).Select(item => item.AsNumber() is var number and > 0 ? number : throw item.Bad("a number above 0"))];
    }

    // Old files of Phi-3 have it beside rope_scaling.
    private static int? Original(JsonField config, JsonField place)
    {
        const string Name = "original_max_position_embeddings";
        var holder = place.TryGet(Name, out _) ? place : config;
        return holder.TryGet(Name, out _) ? holder.Int(Name, 2, ConfigFields.LongestContext) : null;
    }

    private static double AtLeastOne(JsonField place, string name)
    {
        var field = place.Required(name, "a number of at least 1");
        var value = field.AsNumber();
        return value >= 1 ? value : throw field.Bad("a number of at least 1");
    }
}
