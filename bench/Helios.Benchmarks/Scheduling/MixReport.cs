using System.Diagnostics;
using Helios.Benchmarks.Overhead;
using Helios.Cli.Benching;
using Helios.Sdk;

namespace Helios.Benchmarks.Scheduling;

/// <summary>
/// What <see cref="ServingOptions.MaxDecodeStretch"/> costs in throughput: requests of several shapes in a loop that always has
/// some waiting, for several stretches in turns. Tokens are rows: those of prompts and of answers.
/// </summary>
internal static class MixReport
{
    private const int Rounds = 5;
    private const double Seconds = 0.9;
    private const int Live = 40;
    private static readonly double[] Stretches = [1.4, 1.8, 2.5, double.PositiveInfinity];

    public static Task RunAsync(string shape, int prompt, int answer) => Loaded.WithAsync(shape, model =>
    {
        Console.WriteLine("| prompt + answer | stretch | tokens/s | of no bound | rows decoding | step ms, p50 | p99 |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        Compare(model, prompt, answer);
    });

    private static void Compare(BenchedModel model, int prompt, int answer)
    {
        var runs = Stretches.Select(stretch => new Run(model, stretch, prompt, answer)).ToList();
        try
        {
            foreach (var run in runs) run.WarmUp();
            for (var round = 0; round < Rounds; round++)
            {
                foreach (var run in runs) run.Measure();
            }

            foreach (var run in runs) Console.WriteLine(run.Row(runs[^1]));
        }
        finally
        {
            runs.ForEach(run => run.Dispose());
        }
    }

    private sealed class Run : IDisposable
    {
        private readonly double stretch;
        private readonly int prompt;
        private readonly int answer;
        private readonly ServingRig rig;
        private readonly Samples throughput = new();
        private readonly Samples decoding = new();
        private readonly Samples steps = new();

        public Run(BenchedModel model, double stretch, int prompt, int answer)
        {
            this.stretch = stretch;
            this.prompt = prompt;
            this.answer = answer;
            rig = new ServingRig(model, compute: true, new ServingOptions { MaxDecodeStretch = stretch, MaxBatchSize = 32 });
        }

        /// <summary>Until as many decode as will: what a batch settles at depends on the stretch.</summary>
        public void WarmUp()
        {
            var before = rig.Device.Rows;
            while (rig.Device.Rows - before < 10L * (prompt + answer)) Step();
        }

        public void Measure()
        {
            var (started, rows) = (Stopwatch.GetTimestamp(), rig.Device.Rows);
            while (Stopwatch.GetElapsedTime(started).TotalSeconds < Seconds)
            {
                var (stepStarted, sampled) = (Stopwatch.GetTimestamp(), rig.Device.Sampled);
                Step();
                steps.Add(Stopwatch.GetElapsedTime(stepStarted).TotalSeconds);
                decoding.Add(rig.Device.Sampled - sampled);
            }

            throughput.Add((rig.Device.Rows - rows) / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        public string Row(Run unbounded) =>
            $"| {prompt} + {answer} | {stretch:0.0} | {throughput.Median:0} | {throughput.Median / unbounded.throughput.Median:0.00} "
            + $"| {decoding.Mean:0.0} | {steps.Median * 1e3:0.0} | {steps.At(0.99) * 1e3:0.0} |";

        public void Dispose() => rig.Dispose();

        private void Step()
        {
            for (var missing = Live - rig.Loop.Sequences.Count; missing > 0; missing--) rig.Submit(prompt, answer);
            rig.Loop.Step();
        }
    }
}
