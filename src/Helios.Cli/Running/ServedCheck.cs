using Helios.Cli.Files;
using Helios.Cli.Options;
using Helios.Sdk;
using Helios.Sdk.Lab;
using Helios.Sdk.Models;
using Helios.Sdk.Tokenization;

namespace Helios.Cli.Running;

/// <summary>
/// Scores served texts again, teacher-forced, after the run and on an engine of its own, whose memory is not the run's: how
/// often a served token is its model's full-depth token, and how many bits per byte worse than the best model of the pool.
/// </summary>
internal sealed class ServedCheck : IAsyncDisposable
{
    private readonly HeliosEngine engine;
    private readonly PoolFile pool;
    private readonly List<IModelLease> leases = [];

    private ServedCheck(HeliosEngine engine, PoolFile pool)
    {
        this.engine = engine;
        this.pool = pool;
    }

    /// <summary>Starts an engine that holds as many whole models as this machine has room for; the others are read layer by layer.</summary>
    public static async Task<ServedCheck> StartAsync(DeviceChoice device, PoolFile pool, CancellationToken cancellationToken)
    {
        var builder = device.CreateBuilder();
        foreach (var model in pool.Models) builder.AddModel(model.Folder, model.Name);
        builder.ServeFixed(depth: 1).Configure(options => options.Adaptation.MaxScoringShare = 1);
        var check = new ServedCheck(builder.Build(), pool);
        try
        {
            await check.LoadAsync(cancellationToken).ConfigureAwait(false);
            return check;
        }
        catch
        {
            await check.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task<CheckResult> RunAsync(IEnumerable<Served> sample, CancellationToken cancellationToken)
    {
        var tally = new CheckTally();
        foreach (var served in sample)
        {
            var text = await ScoreServedAsync(served, tally, cancellationToken).ConfigureAwait(false);
            foreach (var model in pool.Models)
            {
                var whole = model.Name == served.Point.Target.Model ? text : await ScoreWholeAsync(model.Name, served, cancellationToken).ConfigureAwait(false);
                tally.AddFullDepth(model.Name, whole);
            }
        }

        return tally.ToResult();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var lease in leases) lease.Dispose();
        await engine.DisposeAsync().ConfigureAwait(false);
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        await engine.Ready.WaitAsync(cancellationToken).ConfigureAwait(false);
        foreach (var model in engine.Pool.Snapshot.Models)
        {
            var whole = new LoadTarget(model.Info.Name, model.Info.Architecture.Layers);
            if (await engine.Pool.AcquireAsync(whole, progress: null, cancellationToken).ConfigureAwait(false) is AcquireResult.Acquired acquired) leases.Add(acquired.Lease);
        }
    }

    /// <summary>Scores a text with the model that served it; returns what the whole model makes of it.</summary>
    private async Task<JudgedText> ScoreServedAsync(Served served, CheckTally tally, CancellationToken cancellationToken)
    {
        var (model, depth, _) = served.Point.Target;
        var result = served.Result;
        int[] ids = [.. result.PromptIds, .. result.TokenIds];
        var layers = engine.Pool.Snapshot.Models.First(known => known.Info.Name == model).Info.Architecture.Layers;
        int[] depths = [.. result.ExitDepths.Append(depth).Append(layers).Distinct().Order()];
        var scores = (await engine.Lab.ScoreAsync(model, ids, depths, cancellationToken).ConfigureAwait(false)).Depths.ToDictionary(score => score.Depth);

        // Prompt tokens run to the loaded depth, answer tokens to where they left; position i - 1 predicts token i.
        var prompt = result.PromptIds.Count;
        for (var i = prompt; i < ids.Length; i++) tally.AddToken(scores[layers].TopIds[i - 1] == ids[i]);
        var tokenizer = engine.TokenizerOf(model);
        tally.AddServed(JudgedText.Of(tokenizer, ids, prompt, i => scores[i < prompt ? depth : result.ExitDepths[i - prompt]].LogProbabilities[i - 1]));
        return JudgedText.Of(tokenizer, ids, prompt, i => scores[layers].LogProbabilities[i - 1]);
    }

    /// <summary>The same text with another model of the pool, at its full depth and in its own tokens.</summary>
    private async Task<JudgedText> ScoreWholeAsync(string model, Served served, CancellationToken cancellationToken)
    {
        var info = engine.Pool.Snapshot.Models.First(known => known.Info.Name == model).Info;
        var tokenizer = engine.TokenizerOf(model);
        var source = engine.TokenizerOf(served.Point.Target.Model);
        var same = tokenizer.Fingerprint == source.Fingerprint;
        IReadOnlyList<int> prompt = same ? served.Result.PromptIds : tokenizer.Encode(served.Arrival.Prompt.Prompt);
        IReadOnlyList<int> answer = same ? served.Result.TokenIds : tokenizer.Encode(source.Decode(served.Result.TokenIds), addSpecialTokens: false);
        int[] ids = [.. prompt.Concat(answer).Take(info.Architecture.ContextLength)];
        var score = await engine.Lab.ScoreAsync(model, ids, [info.Architecture.Layers], cancellationToken).ConfigureAwait(false);
        return JudgedText.Of(tokenizer, ids, Math.Min(prompt.Count, ids.Length), i => score.Depths[0].LogProbabilities[i - 1]);
    }
}
