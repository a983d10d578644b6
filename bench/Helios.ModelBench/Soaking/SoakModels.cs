using Helios.Cli.Files;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;
using Helios.Sdk.Tokenization;

namespace Helios.ModelBench.Soaking;

/// <summary>A model of a soak.</summary>
internal sealed record SoakModel(string Name, string Folder, ITokenizer Tokenizer, int ContextLength);

/// <summary>The models of a soak, and the budget that holds them all whole, but the KV of few requests.</summary>
internal sealed class SoakModels
{
    /// <summary>One client in so many finds room for the longest sequence there can be.</summary>
    private const int ClientsPerLongest = 8;

    public SoakModels(SoakSettings settings)
    {
        var folders = settings.Models.Select(Path.GetFullPath).ToList();
        var checkpoints = new List<Checkpoint>();
        try
        {
            foreach (var folder in folders) checkpoints.Add(Checkpoint.Open(folder));
            All = [.. checkpoints.Zip(folders, (checkpoint, folder) =>
                new SoakModel(checkpoint.Info.Name, folder, ModelTokenizer.Load(folder), checkpoint.Info.Architecture.ContextLength))];
            BudgetBytes = Measure(settings, checkpoints);
        }
        finally
        {
            foreach (var checkpoint in checkpoints) checkpoint.Dispose();
        }
    }

    public IReadOnlyList<SoakModel> All { get; }

    public long BudgetBytes { get; }

    private static long Measure(SoakSettings settings, IReadOnlyList<ICheckpoint> checkpoints)
    {
        var serving = new ServingOptions();
        using var backend = settings.Device.Backend.Create();
        using var kv = backend.CreateKvStore(slabBytes: 1, serving.KvBlockTokens);
        var (whole, scoring, longest) = (0L, 0L, 0L);
        foreach (var checkpoint in checkpoints)
        {
            var a = checkpoint.Info.Architecture;
            var size = backend.Loader.Measure(checkpoint, settings.Device.Precision);
            whole += size.ToDepth(a.Layers) + backend.MeasureWorkspace(a, SoakEngine.RowsPerStep(settings));
            scoring = Math.Max(scoring, size.LayerBytes.Max() + backend.MeasureWorkspace(a, a.ContextLength));
            var groups = KvGroups.Of(a);
            longest = Math.Max(longest, Enumerable.Range(0, groups.Count).Select(group => groups.Shape(group, LayerRange.To(a.Layers))).Sum(kv.BlockBytes) * (a.ContextLength / serving.KvBlockTokens + 1));
        }

        return whole + scoring + longest * Math.Max(2, settings.Clients / ClientsPerLongest);
    }
}
