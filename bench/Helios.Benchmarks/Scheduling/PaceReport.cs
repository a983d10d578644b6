using System.Diagnostics;
using Helios.Benchmarks.Overhead;
using Helios.Cli.Benching;
using Helios.Sdk;

namespace Helios.Benchmarks.Scheduling;

/// <summary>
/// Time between the tokens of requests that decode, without and with a prompt of 2,000 tokens coming in, for several
/// <see cref="ServingOptions.MaxDecodeStretch"/>, in turns: every step gives each of them a token, so a gap is a step.
/// </summary>
internal static class PaceReport
{
    private const int LongPrompt = 2000;
    private const int Rounds = 2;
    private static readonly double[] Stretches = [1.4, 1.8, 2.5, double.PositiveInfinity];

    public static Task RunAsync(string shape, int decoding) => Loaded.WithAsync(shape, model =>
    {
        Console.WriteLine("| decoding | stretch | gap ms, p50 | p99 | with the prompt, p50 | p99 | p99 ratio | prompt's first token ms |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        Compare(model, decoding);
    });

    private static void Compare(BenchedModel model, int decoding)
    {
        var runs = Stretches.Select(stretch => new Run(model, stretch, decoding)).ToList();
        try
        {
            for (var round = 0; round <= Rounds; round++)
            {
                foreach (var run in runs) run.Measure(keep: round > 0);
            }

            foreach (var run in runs) Console.WriteLine(run.Row());
        }
        finally
        {
            runs.ForEach(run => run.Dispose());
        }
    }

    private sealed class Run : IDisposable
    {
        private const int StepsWithout = 100;

        private readonly double stretch;
        private readonly int decoding;
        private readonly ServingRig rig;
        private readonly Samples without = new();
        private readonly Samples with = new();
        private readonly Samples first = new();

        public Run(BenchedModel model, double stretch, int decoding)
        {
            this.stretch = stretch;
            this.decoding = decoding;
            rig = new ServingRig(model, compute: true, new ServingOptions { MaxDecodeStretch = stretch });
        }

        public void Measure(bool keep)
        {
            var running = Enumerable.Range(0, decoding).Select(_ => rig.Submit(64, 4000)).ToList();
            while (running.Exists(sequence => sequence.Answer.IsEmpty)) rig.Loop.Step();
            for (var i = 0; i < StepsWithout; i++) Step(keep ? without : null);

            var started = Stopwatch.GetTimestamp();
            var prompt = rig.Submit(LongPrompt, 1);
            while (prompt.Answer.IsEmpty) Step(keep ? with : null);
            if (keep) first.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            running.ForEach(rig.Loop.Cancel);
            rig.Loop.Step();
        }

        public string Row() =>
            $"| {decoding} | {stretch:0.0} | {without.Median * 1e3:0.0} | {without.At(0.99) * 1e3:0.0} | {with.Median * 1e3:0.0} | {with.At(0.99) * 1e3:0.0} "
            + $"| {with.At(0.99) / without.At(0.99):0.00} | {first.Median * 1e3:0} |";

        public void Dispose() => rig.Dispose();

        private void Step(Samples? gaps)
        {
            var started = Stopwatch.GetTimestamp();
            rig.Loop.Step();
            gaps?.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
    }
}
