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
        var version = sidecar.Int("version", 1, 2);
        var exits = ReadExits(sidecar.Required("exits", "a list of exits"), layers, version);
        var calibration = sidecar.TryGet("calibration", out var field)
            ? CalibrationReader.Read(field, [.. exits.Select(exit => exit.Depth).Where(depth => depth < layers)])
            : null;
        var digests = new Dictionary<string, TensorDigests.Named>(StringComparer.Ordinal);
        if (sidecar.TryGet("digests", out var list)) TensorDigests.Read(list, digests);
        return new Sidecar(exits, calibration) { Digests = digests };
    }

    private static ImmutableArray<SidecarExit> ReadExits(JsonField list, int layers, int version)
    {
        var exits = ImmutableArray.CreateBuilder<SidecarExit>();
        var deepest = 0;
        foreach (var item in list.Items("a list of exits"))
        {
            var exit = ReadExit(item, layers, version);
            if (exit.Depth <= deepest)
                throw CheckpointError.Field(item.File, $"{item.Path}.layers", Invariant($"{exit.Depth}"), Invariant($"more than {deepest}, the exit before it"));
            deepest = exit.Depth;
            exits.Add(exit);
        }

        return exits.ToImmutable();
    }

    private static SidecarExit ReadExit(JsonField item, int layers, int version)
    {
        item.AsObject().OnlyKeys(version == 1 ? ["layers", "norm", "head"] : ["layers", "norm", "head", "map", "mlp", "screen", "fill"]);
        var depth = item.Int("layers", 1, layers);
        var exit = new SidecarExit(depth)
        {
            Norm = item.TryGet("norm", out var norm) ? version == 1 ? new SidecarTensors(ReadTensor(norm), null) : ReadTensors(norm) : null,
            Head = item.TryGet("head", out var head) ? ReadTensor(head) : null,
            Map = item.TryGet("map", out var map) ? ReadTensors(map) : null,
            Network = item.TryGet("mlp", out var network) ? ReadNetwork(network) : null,
            Screen = item.TryGet("screen", out var screen) ? ReadScreen(screen) : null,
            Fill = item.TryGet("fill", out var fill) ? ReadFill(fill, layers - 1 - depth) : [],
        };

        // The full depth is what all other exits are measured against, so it has one meaning: the model's own norm and head.
        if (depth == layers && exit.IsOwn) throw item.Bad("no norm, head or other tensors of its own at the full depth");
        if (exit is { Map: not null, Network: not null }) throw network.Bad("given beside map", "one of them");
        return exit;
    }

    private static SidecarTensor ReadTensor(JsonField field) => new(field.AsText(), field.Path);

    /// <summary>The name of a weight, or an object of the names of weight and bias.</summary>
    private static SidecarTensors ReadTensors(JsonField field)
    {
        if (!field.IsObject) return new SidecarTensors(ReadTensor(field), null);
        field.OnlyKeys("weight", "bias");
        return new SidecarTensors(ReadTensor(field["weight"]), field.TryGet("bias", out var bias) ? ReadTensor(bias) : null);
    }

    private static SidecarNetwork ReadNetwork(JsonField field)
    {
        field.AsObject().OnlyKeys("norm", "gate", "up", "down");
        var network = new SidecarNetwork(
            ReadTensors(field["norm"]), field.TryGet("gate", out var gate) ? ReadTensors(gate) : null, ReadTensors(field["up"]), ReadTensors(field["down"]));
        var hasBias = network.Up.Bias is not null;
        if ((network.Down.Bias is not null) != hasBias || (network.Gate is { } own && (own.Bias is not null) != hasBias)) throw field.Bad("an object with biases of some projections", "biases of all, or of none");
        return network;
    }

    private static (SidecarTensors Down, SidecarTensors Up) ReadScreen(JsonField field)
    {
        field.AsObject().OnlyKeys("down", "up");
        return (ReadTensors(field["down"]), ReadTensors(field["up"]));
    }

    private static ImmutableArray<SidecarTensors> ReadFill(JsonField field, int maps)
    {
        var expected = Invariant($"a list of {Math.Max(maps, 0)} maps, one for each layer above the first that a leaving token skips");
        var length = field.ArrayLength(expected);
        return length == Math.Max(maps, 0) ? [.. field.Items(expected).Select(ReadTensors)] : throw field.Bad(Invariant($"a list of {length}"), expected);
    }
}
