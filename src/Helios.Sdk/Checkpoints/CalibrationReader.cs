using System.Collections.Immutable;
using System.Globalization;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// Reads the <c>calibration</c> of a sidecar. Curves come out with signal and agreement both ascending: entropy falls as
/// agreement rises, so it is negated and its points are turned round.
/// </summary>
internal static class CalibrationReader
{
    public static SidecarCalibration Read(JsonField calibration, IReadOnlyCollection<int> depths)
    {
        calibration.AsObject().OnlyKeys("signal", "exits");
        var signal = ReadSignal(calibration.Required("signal", "top1, margin or entropy"));
        var curves = ImmutableDictionary.CreateBuilder<int, ImmutableArray<CalibrationPoint>>();
        foreach (var (name, field) in calibration.Required("exits", "an object of curves by exit").Members())
            curves.Add(ReadDepth(name, field, depths), ReadCurve(field, signal));
        return new SidecarCalibration(signal, curves.ToImmutable());
    }

    private static ExitSignalKind ReadSignal(JsonField field) => field.AsText() switch
    {
        "top1" => ExitSignalKind.Top1,
        "margin" => ExitSignalKind.Margin,
        "entropy" => ExitSignalKind.NegativeEntropy,
        _ => throw field.Bad("top1, margin or entropy"),
    };

    private static int ReadDepth(string name, JsonField field, IReadOnlyCollection<int> depths)
    {
        // "03" and "3" would be one exit under two keys: only the plain form counts.
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var depth) && depth.ToString(CultureInfo.InvariantCulture) == name && depths.Contains(depth))
            return depth;
        throw CheckpointError.Field(field.File, field.Path, "not an exit below the full depth", $"one of {string.Join(", ", depths)}");
    }

    private static ImmutableArray<CalibrationPoint> ReadCurve(JsonField field, ExitSignalKind signal)
    {
        const string Expected = "a list of at least one [signal, agreement]";
        if (field.ArrayLength(Expected) == 0) throw field.Bad(Expected);

        var points = new List<CalibrationPoint>();
        foreach (var item in field.Items(Expected)) points.Add(ReadPoint(item, signal));
        if (points[0].Signal > points[^1].Signal && signal == ExitSignalKind.NegativeEntropy) points.Reverse();
        RequireAscending(field, points);
        return [.. points];
    }

    private static CalibrationPoint ReadPoint(JsonField item, ExitSignalKind signal)
    {
        const string Expected = "a pair [signal, agreement]";
        if (item.ArrayLength(Expected) != 2) throw item.Bad(Expected);
        var pair = item.Items(Expected).ToArray();
        var entropy = signal == ExitSignalKind.NegativeEntropy;
        var value = InRange(pair[0], entropy ? double.MaxValue : 1, entropy ? "at least 0" : "from 0 to 1");
        return new CalibrationPoint(entropy ? 0 - value : value, InRange(pair[1], 1, "from 0 to 1"));
    }

    private static double InRange(JsonField field, double max, string range)
    {
        var value = field.AsNumber();
        return value >= 0 && value <= max ? value : throw field.Bad($"a number {range}");
    }

    private static void RequireAscending(JsonField field, List<CalibrationPoint> points)
    {
        for (var i = 1; i < points.Count; i++)
        {
            var (before, here) = (points[i - 1], points[i]);
            if (here.Signal > before.Signal && here.Agreement >= before.Agreement) continue;
            throw CheckpointError.Field(
                field.File,
                field.Path,
                Invariant($"not monotone at [{Math.Abs(here.Signal)}, {here.Agreement}]"),
                "each signal once, in order, and an agreement that never falls with growing confidence");
        }
    }
}
