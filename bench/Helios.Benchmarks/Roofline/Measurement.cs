using System.Collections.Immutable;
using System.Text.Json;
using Helios.Cli;
using Helios.Cli.Benching;
using Helios.Cli.Errors;
using Helios.Sdk.Models;

namespace Helios.Benchmarks.Roofline;

/// <summary>Measures what the picture shows: the machine's peaks, and <c>bench decode</c> in every precision there is.</summary>
internal static class Measurement
{
    private const int Prefill = 512;

    public static async Task<Results> RunAsync(string shape, IReadOnlyList<string> precisions)
    {
        var threads = Environment.ProcessorCount;
        var peaks = Enumerable.Range(0, int.MaxValue).Select(i => 1 << i).TakeWhile(count => count < threads).Append(threads).Select(Peaks.Measure).ToImmutableArray();
        var points = ImmutableArray.CreateBuilder<Point>();
        var device = "";
        foreach (var precision in precisions)
        {
            if (await BenchAsync(shape, precision) is not { } benched) continue;
            device = benched.GetProperty("device").GetString()!;
            AddPoints(points, benched, ModelShape.Parse(shape).ToArchitecture());
        }

        return new Results(shape, device, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().Date), peaks, points.ToImmutable());
    }

    /// <summary>Null where the precision is not to be had.</summary>
    private static async Task<JsonElement?> BenchAsync(string shape, string precision)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        string[] args = ["bench", "decode", "--shape", shape, "--precision", precision, "--batch", "1,8,32", "--prefill", $"{Prefill}", "--json"];
        if (await CliApp.RunAsync(args, output, errors) == ExitCode.Done) return JsonDocument.Parse(output.ToString()).RootElement;
        Console.Error.WriteLine($"{precision} is left out: {errors.ToString().Trim()}");
        return null;
    }

    private static void AddPoints(ImmutableArray<Point>.Builder points, JsonElement benched, ModelArchitecture architecture)
    {
        var layers = LayerWeights(architecture);
        var head = (double)architecture.VocabularySize * architecture.HiddenSize;
        foreach (var row in benched.GetProperty("rows").EnumerateArray())
        {
            var (precision, bytes) = (row.GetProperty("precision").GetString()!, row.GetProperty("bytesPerStep").GetDouble());
            void Add(string label, double tokensPerSecond, double tokens, double heads)
            {
                var flops = 2 * (layers * tokens + head * heads);
                points.Add(new Point(label, precision, tokensPerSecond, flops / bytes, flops * tokensPerSecond / tokens / 1e9));
            }

            var batch = row.GetProperty("batch").GetInt32();
            Add($"B={batch}", row.GetProperty("decodeTps").GetDouble(), batch, batch);
            if (batch == 1) Add($"prefill {Prefill}", row.GetProperty("prefillTps").GetDouble(), Prefill, heads: 1);
        }
    }

    private static double LayerWeights(ModelArchitecture a) =>
        Enumerable.Range(0, a.Layers).Sum(layer => (double)a.ActiveWeights(layer));
}
