using System.Collections.Immutable;
using System.Globalization;
using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Backends;
using Helios.Sdk.Checkpoints;

namespace Helios.Sdk.Adaptation.Repository;

/// <summary>
/// Reads a repository. The format is this project's own: an unknown key, a number out of its range or sums that contradict
/// each other are errors, so that what comes through can be reckoned with unchecked.
/// </summary>
internal static class RepositoryReader
{
    private const int MostLayers = ushort.MaxValue;
    private const long MostBytes = 1L << 50;
    private const double MostSeconds = 1e6;
    private const double MostWatts = 1e6;

    /// <summary>Of one request, and of the weights of a bin: so sums over many stay finite, and within 64 bits.</summary>
    private const int MostTokens = 1 << 30;
    private const double MostNats = 1e12;

    private static readonly Precision[] Precisions = Enum.GetValues<Precision>();

    public static string NameOf(Precision precision) => precision.ToString().ToLowerInvariant();

    public static ModelRepository Read(JsonField file)
    {
        file.OnlyKeys("version", "usual", "models");
        file.Int("version", RepositoryFile.Version, RepositoryFile.Version);
        var usual = file.TryGet("usual", out var field) ? ReadUsual(field) : null;
        var models = ImmutableArray.CreateBuilder<ModelRecord>();
        var keys = new HashSet<ModelKey>();
        const string Expected = "a list of models";
        foreach (var item in file.Required("models", Expected).Items(Expected))
        {
            var model = ReadModel(item);
            if (!keys.Add(model.Key)) throw item.Bad("each fingerprint once per device and precision");
            models.Add(model);
        }

        return new ModelRepository(models.ToImmutable(), usual);
    }

    private static UsualRequest ReadUsual(JsonField usual)
    {
        usual.OnlyKeys("promptTokens", "totalTokens");
        var prompt = usual.Int("promptTokens", 1, int.MaxValue - 1);
        return new UsualRequest(prompt, usual.Int("totalTokens", prompt + 1, int.MaxValue));
    }

    private static ModelRecord ReadModel(JsonField model)
    {
        model.OnlyKeys("name", "fingerprint", "device", "precision", "at", "exits", "bytes", "costs", "alone", "watts", "calibration", "requests");
        var bytes = model.Required("bytes", "an object").AsObject();
        bytes.OnlyKeys("fixed", "layers", "workspace");
        var layers = ReadList(bytes, "layers", field => field.AsLong(1, MostBytes));
        if (layers.Length is 0 or > MostLayers) throw bytes.Bad($"1 to {MostLayers} layers");
        var depths = ReadDepths(model, layers.Length);
        return new ModelRecord
        {
            Name = ReadText(model, "name"),
            Key = new ModelKey(ReadText(model, "fingerprint"), ReadText(model, "device"), ReadPrecision(model)),
            At = ReadTime(model),
            Depths = depths,
            Size = new LoadSize(ReadLong(bytes, "fixed", MostBytes), layers),
            WorkspaceBytes = ReadLong(bytes, "workspace", MostBytes),
            Costs = ReadCosts(model.Required("costs", "an object")),
            Alone = model.TryGet("alone", out var alone) ? ReadAlone(alone) : null,
            Watts = model.TryGet("watts", out _) ? ReadNumber(model, "watts", MostWatts) : null,
            Calibration = ReadCalibration(model, depths),
            Requests = ReadRequests(model, depths.Length),
        };
    }

    private static ImmutableArray<int> ReadDepths(JsonField model, int layers)
    {
        var depths = ReadList(model, "exits", field => field.AsInt(1, layers));
        if (depths.IsEmpty || depths[^1] != layers || depths.Zip(depths.Skip(1)).Any(pair => pair.First >= pair.Second))
            throw model.Required("exits", "a list").Bad(Invariant($"ascending depths of which the last is {layers}, the layers"));
        return depths;
    }

    private static Precision ReadPrecision(JsonField model)
    {
        var name = ReadText(model, "precision");
        foreach (var precision in Precisions)
        {
            if (NameOf(precision) == name) return precision;
        }

        throw model.Required("precision", "a name").Bad($"one of {string.Join(", ", Precisions.Select(NameOf))}");
    }

    private static StepCosts ReadCosts(JsonField costs)
    {
        costs.OnlyKeys("other", "head", "layer", "error");
        return new StepCosts
        {
            OtherSeconds = ReadNumber(costs, "other", MostSeconds),
            Head = ReadCurve(costs.Required("head", "an object")),
            Layer = ReadCurve(costs.Required("layer", "an object")),
            RelativeError = costs.TryGet("error", out _) ? ReadNumber(costs, "error", double.MaxValue) : null,
        };
    }

    private static RowCurve ReadCurve(JsonField curve)
    {
        curve.OnlyKeys("base", "slopes", "perContext");
        var slopes = ReadList(curve, "slopes", field => field.AsNumber(0, MostSeconds));
        if (slopes.Length != RowCurve.Segments) throw curve.Required("slopes", "a list").Bad($"{RowCurve.Segments} numbers");
        return new RowCurve(ReadNumber(curve, "base", MostSeconds), slopes, ReadNumber(curve, "perContext", MostSeconds));
    }

    private static AloneTimes ReadAlone(JsonField alone)
    {
        alone.OnlyKeys("promptTokens", "ttftMs", "tpotMs");
        return new AloneTimes(alone.Int("promptTokens", 1, int.MaxValue), ReadNumber(alone, "ttftMs", double.MaxValue), ReadNumber(alone, "tpotMs", double.MaxValue));
    }

    private static ImmutableArray<ExitBins> ReadCalibration(JsonField model, ImmutableArray<int> depths)
    {
        var exits = ReadList(model, "calibration", ReadBins);
        if (exits.Any(exit => !depths[..^1].Contains(exit.Depth)) || exits.DistinctBy(exit => exit.Depth).Count() != exits.Length)
            throw model.Required("calibration", "a list").Bad("each exit below the full depth at most once");
        return exits;
    }

    private static ExitBins ReadBins(JsonField exit)
    {
        exit.OnlyKeys("exit", "weights", "agreed");
        var weights = ReadList(exit, "weights", field => field.AsNumber(0, MostTokens));
        var agreed = ReadList(exit, "agreed", field => field.AsNumber(0, MostTokens));
        if (weights.Length != CalibrationLearner.Bins || agreed.Length != CalibrationLearner.Bins || weights.Zip(agreed).Any(bin => bin.Second > bin.First))
            throw exit.Bad($"{CalibrationLearner.Bins} weights, and as many agreed ones that are no more");
        return new ExitBins(exit.Int("exit", 1, MostLayers), weights, agreed);
    }

    private static ImmutableArray<ScoredRequest> ReadRequests(JsonField model, int exits)
    {
        var requests = ReadList(model, "requests", field => ReadRequest(field, exits));
        if (requests.DistinctBy(request => request.Evidence.Text).Count() != requests.Length)
            throw model.Required("requests", "a list").Bad("each text once");
        return requests;
    }

    private static ScoredRequest ReadRequest(JsonField request, int exits)
    {
        request.OnlyKeys("text", "at", "bytes", "tokens", "nats", "agreed", "confidences", "highest");
        var tokens = request.Int("tokens", 0, MostTokens);
        var nats = ReadList(request, "nats", field => field.AsNumber(0, MostNats));
        var agreed = ReadList(request, "agreed", field => field.AsInt(0, tokens));
        var confidences = ReadList(request, "confidences", field => ReadHistogram(field, tokens));
        var highest = ReadList(request, "highest", field => ReadHistogram(field, tokens));
        if (nats.Length != exits || agreed.Length != exits || confidences.Length != exits || highest.Length != exits)
            throw request.Bad(Invariant($"one item per exit ({exits}) in nats, agreed, confidences and highest"));
        if (agreed[^1] != tokens || confidences[^1].AtLeast(ConfidenceHistogram.Levels) != tokens)
            throw request.Bad("a full depth that agrees with itself and is sure of every token");
        if (Enumerable.Range(0, exits).Any(i => !highest[i].IsAsSureAs(confidences[i]) || (i > 0 && !highest[i].IsAsSureAs(highest[i - 1]))))
            throw request.Bad("in highest the highest confidence of the exits so far, which no exit is above");

        var sums = Enumerable.Range(0, exits).Select(i => new ExitSums(nats[i], agreed[i], confidences[i], highest[i]));
        return new ScoredRequest(ReadTime(request), new RequestEvidence(ReadLong(request, "text", long.MaxValue), request.Int("bytes", 0, int.MaxValue), tokens, [.. sums]));
    }

    private static ConfidenceHistogram ReadHistogram(JsonField histogram, int tokens)
    {
        const string Expected = "a list of levels, ascending, each with its tokens behind it";
        var counts = histogram.Items(Expected).Chunk(2)
            .Select(pair => pair is [var level, var count] ? new LevelCount(level.AsInt(0, ConfidenceHistogram.Levels), count.AsInt(1, tokens)) : throw histogram.Bad(Expected))
            .ToImmutableArray();
        if (counts.Zip(counts.Skip(1)).Any(pair => pair.First.Level >= pair.Second.Level)) throw histogram.Bad(Expected);
        if (counts.Sum(count => (long)count.Tokens) > tokens) throw histogram.Bad(Invariant($"no more than the request's tokens ({tokens})"));
        return new ConfidenceHistogram(counts);
    }

    private static ImmutableArray<T> ReadList<T>(JsonField owner, string name, Func<JsonField, T> read) =>
        [.. owner.Required(name, "a list").Items("a list").Select(read)];

    private static string ReadText(JsonField owner, string name)
    {
        var text = owner.Required(name, "a text").AsText();
        return text.Length > 0 ? text : throw owner.Required(name, "a text").Bad("a text that is not empty");
    }

    private static DateTimeOffset ReadTime(JsonField owner)
    {
        const string Expected = "a time such as 2026-01-31T12:00:00+00:00";
        var field = owner.Required("at", Expected);
        return DateTimeOffset.TryParse(field.AsText(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : throw field.Bad(Expected);
    }

    private static long ReadLong(JsonField owner, string name, long max) => owner.Required(name, "a whole number").AsLong(0, max);

    private static double ReadNumber(JsonField owner, string name, double max) => owner.Required(name, "a number").AsNumber(0, max);
}
