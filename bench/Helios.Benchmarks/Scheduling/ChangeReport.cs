using System.Collections.Concurrent;
using System.Diagnostics;
using Helios.Cli.Benching;
using Helios.Sdk;
using Helios.Sdk.Models;

namespace Helios.Benchmarks.Scheduling;

/// <summary>
/// Time between the tokens of requests that decode at half the depth, without and with the other half being loaded and let go
/// again, for several <see cref="AdaptationOptions.MaxLoadShare"/>, in turns.
/// </summary>
internal static class ChangeReport
{
    private const int Decoding = 8;
    private const int Rounds = 4;
    private const int Loads = 3;
    private static readonly double[] Shares = [0.125, 0.25, 1];

    public static async Task RunAsync(string shape)
    {
        using var folder = new StoredCheckpoint(ModelShape.Parse(shape));
        var runs = Shares.Select(share => new Run(folder, share)).ToList();
        try
        {
            foreach (var run in runs) await run.StartAsync();
            Console.WriteLine($"{shape}, {Decoding} decoding at depth {folder.Layers / 2} of {folder.Layers}");
            Console.WriteLine("| load share | gap ms, p50 | p99 | while loading, p50 | p99 | p99 ratio | load ms | MB/s |");
            Console.WriteLine("|---|---|---|---|---|---|---|---|");
            for (var round = 0; round <= Rounds; round++)
            {
                foreach (var run in runs) await run.MeasureAsync(keep: round > 0);
            }

            foreach (var run in runs) Console.WriteLine(run.Row());
        }
        finally
        {
            foreach (var run in runs) await run.DisposeAsync();
        }
    }

    private sealed class Run(StoredCheckpoint folder, double share) : IAsyncDisposable
    {
        private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

        private readonly HeliosEngine engine = HeliosEngine.CreateBuilder()
            .AddModel(folder.Path, "model")
            .UseCpu()
            .ServeFixed(folder.Layers / 2)
            .Configure(options => options.Adaptation.MaxLoadShare = share)
            .Build();

        private readonly Samples without = new();
        private readonly Samples with = new();
        private readonly Samples loads = new();
        private long bytes;

        public Task StartAsync() => engine.Ready;

        public async Task MeasureAsync(bool keep)
        {
            using var ending = new CancellationTokenSource();
            var tokens = new ConcurrentBag<(int Request, long At)>();
            var running = Enumerable.Range(0, Decoding).Select(request => DecodeAsync(request, tokens, ending.Token)).ToList();
            var loading = new List<(long From, long To)>();
            for (var i = 0; i < Loads; i++)
            {
                await Task.Delay(Quiet);
                var before = engine.Pool.Snapshot.UsedBytes;
                var started = Stopwatch.GetTimestamp();
                var acquired = (AcquireResult.Acquired)await engine.Pool.AcquireAsync(new LoadTarget("model", folder.Layers));
                loading.Add((started, Stopwatch.GetTimestamp()));
                bytes = engine.Pool.Snapshot.UsedBytes - before;
                await Task.Delay(Quiet / 4);
                acquired.Lease.Dispose();
            }

            await ending.CancelAsync();
            await Task.WhenAll(running);
            if (keep) Keep(tokens, loading);
        }

        public string Row() =>
            $"| {share:0.###} | {without.Median * 1e3:0.0} | {without.At(0.99) * 1e3:0.0} | {with.Median * 1e3:0.0} | {with.At(0.99) * 1e3:0.0} "
            + $"| {with.At(0.99) / without.At(0.99):0.00} | {loads.Median * 1e3:0} | {bytes / loads.Median / 1e6:0} |";

        public ValueTask DisposeAsync() => engine.DisposeAsync();

        private async Task DecodeAsync(int request, ConcurrentBag<(int Request, long At)> tokens, CancellationToken cancellationToken)
        {
            try
            {
                await foreach (var _ in engine.StreamAsync(GenerationRequest.FromTokens([1, 2, 3]) with { MaxTokens = 4000, IgnoreEndOfSequence = true }, cancellationToken))
                    tokens.Add((request, Stopwatch.GetTimestamp()));
            }
            catch (OperationCanceledException)
            {
                // The round is over.
            }
        }

        private void Keep(IEnumerable<(int Request, long At)> tokens, List<(long From, long To)> loading)
        {
            foreach (var (from, to) in loading) loads.Add(Stopwatch.GetElapsedTime(from, to).TotalSeconds);
            foreach (var request in tokens.GroupBy(token => token.Request))
            {
                var times = request.Select(token => token.At).Order().ToList();
                foreach (var (from, to) in times.Zip(times.Skip(1)))
                    (loading.Exists(load => from < load.To && to > load.From) ? with : without).Add(Stopwatch.GetElapsedTime(from, to).TotalSeconds);
            }
        }
    }
}
