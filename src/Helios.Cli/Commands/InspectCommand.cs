using System.Collections.Immutable;
using System.CommandLine;
using Helios.Cli.Errors;
using Helios.Cli.Files;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Results;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;
using Helios.Sdk.Tokenization;

namespace Helios.Cli.Commands;

/// <summary><c>helios inspect</c>: what the headers of a model say, and what it would take on the device.</summary>
internal sealed class InspectCommand : Command
{
    private readonly Argument<string> model = ModelArgument.Create();
    private readonly DeviceOptions device = new();

    public InspectCommand(GlobalOptions global)
        : base("inspect", "Describe a model from its file headers, without loading weights.")
    {
        Add(model);
        device.AddTo(this);
        SetAction(parsed => Run(Screen.Of(parsed, global), parsed.GetRequiredValue(model), device.Read(parsed)));
    }

    private static int Run(Screen screen, string folder, DeviceChoice device)
    {
        using var checkpoint = Checkpoint.Open(folder);
        var inspection = Inspect(checkpoint, device, Tokenizer(folder, screen));
        if (inspection.Remark is { } remark) screen.Remark(remark);
        if (screen.IsJson) screen.Json(inspection, CliJson.Lines.Inspection);
        else screen.Show(ResultTables.Of(inspection));
        return ExitCode.Done;
    }

    private static Inspection Inspect(Checkpoint checkpoint, DeviceChoice device, string? tokenizer)
    {
        var info = checkpoint.Info;
        var a = info.Architecture;
        var (bytes, held) = Measure(checkpoint, device);
        return new Inspection(
            info.Name,
            a.Family,
            a.Layers,
            a.HiddenSize,
            a.VocabularySize,
            a.ContextLength,
            [.. info.Exits.Select(exit => exit.Depth)],
            info.StoredType.ToString().ToLowerInvariant(),
            info.Parameters,
            bytes,
            tokenizer,
            device.Precision.ToString().ToLowerInvariant())
        {
            Held = held,
            ExitParts = info.Exits.Select(exit => (exit.Depth, Parts: PartsOf(exit, a))).Where(exit => exit.Parts.Length > 0)
                .ToDictionary(exit => Invariant($"{exit.Depth}"), exit => exit.Parts, StringComparer.Ordinal),
            Generation = InspectedGeneration.Of(info),
            Remark = info.Remark,
        };
    }

    private static ImmutableArray<string> PartsOf(ModelExit exit, ModelArchitecture architecture)
    {
        var parts = ImmutableArray.CreateBuilder<string>();
        if (exit.OwnNorm) parts.Add("norm");
        if (exit.OwnHead) parts.Add("head");
        if (architecture.Stack[exit.Depth - 1].ExitTransform is { } transform) parts.Add(transform is ExitMap ? "map" : "mlp");
        return parts.ToImmutable();
    }

    private static (InspectedBytes Bytes, SortedDictionary<string, string> Held) Measure(Checkpoint checkpoint, DeviceChoice device)
    {
        const int Tokens = 16;
        var a = checkpoint.Info.Architecture;
        using var backend = device.Backend.Create();
        using var kv = backend.CreateKvStore(slabBytes: 1, Tokens);
        var size = backend.Loader.Measure(checkpoint, device.Precision);
        var groups = KvGroups.Of(a);
        var perToken = Enumerable.Range(0, groups.Count).Max(group => kv.BlockBytes(groups.Shape(group, LayerRange.To(a.Layers)) with { Layers = 1 })) / Tokens;
        var held = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var type in StoredTypes(checkpoint))
        {
            if (backend.Loader.HeldAs(type, device.Precision) is { } words) held.Add(type.ToString().ToLowerInvariant(), words);
        }

        return (new InspectedBytes(size.FixedBytes, size.LayerBytes.Max(), perToken), held);
    }

    private static IEnumerable<TensorType> StoredTypes(Checkpoint checkpoint)
    {
        var a = checkpoint.Info.Architecture;
        return Enumerable.Range(0, a.Layers).SelectMany(a.LayerTensors).Concat(a.FixedTensors()).Concat(checkpoint.Info.Exits.SelectMany(exit => a.ExitTensors(exit.Depth)))
            .Where(spec => !spec.Key.IsVector)
            .Select(spec => checkpoint.TryGetTensor(spec.Key, out var tensor) ? tensor.Type : (TensorType?)null)
            .OfType<TensorType>().Distinct();
    }

    private static string SourceOf(string folder) =>
        ModelArgument.IsGguf(folder) ? "GGUF metadata"
        : File.Exists(Path.Combine(folder, "tokenizer.json")) ? "tokenizer.json"
        : "Microsoft.ML.Tokenizers";

    /// <summary>A model without a tokenizer can be inspected all the same.</summary>
    private static string? Tokenizer(string folder, Screen screen)
    {
        try
        {
            var tokenizer = ModelTokenizer.Load(folder);
            return Invariant($"{SourceOf(folder)}, {tokenizer.VocabularySize} tokens");
        }
        catch (CheckpointException error)
        {
            screen.Remark(error.Message);
            return null;
        }
    }
}
