using System.Collections.Immutable;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>Reads <c>helios.json</c>. The file is this project's own, so a key it does not know is an error.</summary>
internal static class SidecarReader
{
    public const string FileName = "helios.json";

    public static Sidecar Read(JsonField sidecar, int layers)
    {
        sidecar.OnlyKeys("version", "exits", "calibration", "digests");
        sidecar.Int("version", 1, 1);
        var exits = ReadExits(sidecar.Required("exits", "a list of exits"), layers);
        var calibration = sidecar.TryGet("calibration", out var field)
            ? CalibrationReader.Read(field, [.. exits.Select(exit => exit.Depth).Where(depth => depth < layers)])
            : null;
        var digests = new Dictionary<string, TensorDigests.Named>(StringComparer.Ordinal);
        if (sidecar.TryGet("digests", out var list)) TensorDigests.Read(list, digests);
        return new Sidecar(exits, calibration) { Digests = digests };
    }

    private static ImmutableArray<SidecarExit> ReadExits(JsonField list, int layers)
    {
        var exits = ImmutableArray.CreateBuilder<SidecarExit>();
        var deepest = 0;
        foreach (var item in list.Items("a list of exits"))
        {
            var exit = ReadExit(item, layers);
            if (exit.Depth <= deepest)
                throw CheckpointError.Field(item.File, $"{item.Path}.layers", Invariant($"{exit.Depth}"), Invariant($"more than {deepest}, the exit before it"));
            deepest = exit.Depth;
            exits.Add(exit);
        }

        return exits.ToImmutable();
    }

    private static SidecarExit ReadExit(JsonField item, int layers)
    {
        item.AsObject().OnlyKeys("layers", "norm", "head");
        var exit = new SidecarExit(item.Int("layers", 1, layers), item.Text("norm"), item.Text("head"));

        // The full depth is what all other exits are measured against, so it has one meaning: the model's own norm and head.
        if (exit.Depth == layers && (exit.Norm ?? exit.Head) is not null)
            throw item.Bad("no norm or head of its own at the full depth");
        return exit;
    }
}
