using System.Diagnostics;
using Helios.Benchmarks.Overhead;
using Helios.Cli.Benching;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Cpu;
using Helios.Sdk.Serving.Requests;

namespace Helios.Benchmarks.Prefix;

/// <summary>
/// Time to first token of a prompt whose beginning is cached, against one that is computed whole, and of four samples against
/// four requests. Rounds go over all cases, so that drift hits them alike.
/// </summary>
internal static class PrefixReport
{
    private const int Prompt = 512;
    private const int Answers = 4;
    private const int Rounds = 12;
    private const long KvBytes = 256 << 20;

    private static readonly int[] Beginnings = [128, 256, 384, 496];

    public static async Task RunAsync(string shape)
    {
        using var checkpoint = new RandomCheckpoint(ModelShape.Parse(shape));
        using var backend = new CpuBackend();
        using var model = await BenchedModel.LoadAsync(
            checkpoint, backend, new MemoryBudget(backend.Device.TotalMemory), Precision.Auto, checkpoint.Info.Architecture.Layers, default);
        using var caching = new ServingRig(model, compute: true);
        using var plain = new ServingRig(model, compute: true, new ServingOptions { PrefixCache = false });

        // As in an engine that has run for a while: the cache fills what memory there is, and a block is had by evicting one.
        using var rest = model.Budget.TryReserve(model.Budget.Free - KvBytes);
        var random = new Random(1);
        var vocabulary = model.Architecture.VocabularySize;
        int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];

        var common = Ids(Prompt);
        caching.Submit(common, maxTokens: 1);
        RunToEnd(caching);
        (string Name, Action Run)[] cases =
        [
            ("cache off", () => plain.Submit(Ids(Prompt), 1)),
            ("nothing cached", () => caching.Submit(Ids(Prompt), 1)),
            .. Beginnings.Select(cached => ($"{cached} cached", (Action)(() => caching.Submit([.. common[..cached], .. Ids(Prompt - cached)], 1)))),
            ($"{Answers} requests", () => Enumerable.Range(0, Answers).ToList().ForEach(_ => plain.Submit(Ids(Prompt), 1))),
            ($"{Answers} samples", () => Sample(plain, Ids(Prompt))),
        ];
        var times = cases.Select(_ => new Samples()).ToArray();

        // The first round compiles; it is not counted.
        for (var round = 0; round <= Rounds; round++)
        {
            for (var i = 0; i < cases.Length; i++)
            {
                var started = Stopwatch.GetTimestamp();
                cases[i].Run();
                RunToEnd(plain);
                RunToEnd(caching);
                if (round > 0) times[i].Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        }

        Console.WriteLine($"{shape}, {backend.Device.Description}, prompts of {Prompt} tokens, {Rounds} rounds");
        Console.WriteLine("| case | first token, ms, median | p90 | share of cache off |");
        Console.WriteLine("|---|---|---|---|");
        for (var i = 0; i < cases.Length; i++)
            Console.WriteLine($"| {cases[i].Name} | {times[i].Median:0.0} | {times[i].At(0.9):0.0} | {times[i].Median / times[0].Median:0.00} |");
    }

    /// <summary>As the engine does: the others are submitted when the first has its first token.</summary>
    private static void Sample(ServingRig rig, int[] prompt)
    {
        var first = rig.Submit(prompt, maxTokens: 2);
        while (first.Answer.IsEmpty) rig.Loop.Step();
        for (var i = 1; i < Answers; i++) rig.Submit(prompt, maxTokens: 1, source: first);
    }

    private static void RunToEnd(ServingRig rig)
    {
        while (rig.Loop.Step())
        {
        }
    }
}
