using System.Collections.Immutable;
using Helios.Sdk;

namespace Helios.ModelBench.Soaking;

/// <summary>Answers requests again, each alone, on a fresh engine for every operating point, and compares.</summary>
internal sealed class SoakReplay(SoakSettings settings, SoakModels models)
{
    /// <summary>What differs, a line a stream.</summary>
    public async Task<ImmutableArray<string>> CompareAsync(IEnumerable<SoakStream> streams, CancellationToken cancellationToken)
    {
        var differences = ImmutableArray.CreateBuilder<string>();
        foreach (var point in streams.GroupBy(stream => stream.Point))
        {
            var engine = Start(point.Key);
            await using (engine.ConfigureAwait(false))
            {
                foreach (var stream in point)
                {
                    var alone = await engine.GenerateAsync(stream.Request with { Model = null, FullDepth = false, MaxQualityGap = null }, cancellationToken).ConfigureAwait(false);
                    if (Difference(stream, alone) is { } difference) differences.Add($"{stream.Point}: {difference}");
                }
            }
        }

        return differences.ToImmutable();
    }

    /// <summary>What differs between a stream and the same request alone; null when nothing does. A stream that was left is the beginning of the other.</summary>
    internal static string? Difference(SoakStream stream, GenerationResult alone)
    {
        var (ids, depths) = (stream.Ids, stream.Depths);
        for (var i = 0; i < Math.Min(ids.Length, alone.TokenIds.Count); i++)
        {
            if (ids[i] != alone.TokenIds[i]) return Invariant($"token {i} is {ids[i]}, alone {alone.TokenIds[i]}");
            if (depths[i] != alone.ExitDepths[i]) return Invariant($"token {i} ran through {depths[i]} layers, alone through {alone.ExitDepths[i]}");
        }

        if (stream.Finish is { } finish)
        {
            if (ids.Length != alone.TokenIds.Count) return $"{ids.Length} tokens, alone {alone.TokenIds.Count}";
            if (finish != alone.FinishReason) return $"it ended by {finish}, alone by {alone.FinishReason}";
            return stream.Text == alone.Text ? null : $"its text is '{stream.Text}', alone '{alone.Text}'";
        }

        if (ids.Length > alone.TokenIds.Count) return $"{ids.Length} tokens before the client left, alone {alone.TokenIds.Count}";
        return alone.Text.StartsWith(stream.Text, StringComparison.Ordinal) ? null : $"its text began '{stream.Text}', alone '{alone.Text}'";
    }

    private HeliosEngine Start(OperatingPoint point)
    {
        var model = models.All.First(known => known.Name == point.Target.Model);
        var builder = settings.Device.CreateBuilder();
        return builder
            .AddModel(model.Folder, model.Name)
            .ServeFixed(point.Target.Depth, point.ExitPolicy)
            .Configure(options =>
            {
                options.Serving.MaxBatchSize = 1;
                options.Serving.PrefixCache = false;
            })
            .Build();
    }
}
