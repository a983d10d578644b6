using System.Collections.Immutable;
using System.Text;
using Helios.Sdk;
using Helios.Sdk.Lab;
using Helios.Sdk.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Quickstart;

/// <summary>
/// Scores a sample of the answers again, teacher-forced, with every layer. Quality is measured on the prompts: people
/// wrote them, whereas a shallow model finds its own answers likelier than they are.
/// </summary>
internal sealed class Referee(HeliosEngine engine)
{
    /// <summary>The same requests of every run, and no divisor of the number of prompts, so that all prompts take part.</summary>
    private const int SampleEvery = 11;

    private readonly ImmutableArray<CheckpointInfo> models = [.. engine.Pool.Snapshot.Models.Select(model => model.Info)];
    private readonly Dictionary<(string Model, string Prompt), SequenceScore> prompts = [];

    /// <summary>Judges runs: a verdict for each phase, by run.</summary>
    public static async Task<ImmutableArray<ImmutableArray<Verdict>>> JudgeAsync(IServiceCollection services, ImmutableArray<RunReport> runs, Screen screen)
    {
        await using var provider = services.BuildServiceProvider();
        var referee = new Referee(provider.GetRequiredService<HeliosEngine>());
        var (judged, phases) = (0, runs.Sum(run => run.Phases.Length));
        return await screen.WaitAsync("re-scoring answers", JudgeRunsAsync(), () => (double)judged / phases);

        async Task<ImmutableArray<ImmutableArray<Verdict>>> JudgeRunsAsync()
        {
            var verdicts = new List<ImmutableArray<Verdict>>();
            foreach (var run in runs)
            {
                var ofRun = ImmutableArray.CreateBuilder<Verdict>();
                foreach (var phase in run.Phases)
                {
                    ofRun.Add(await referee.JudgeAsync(phase));
                    judged++;
                }

                verdicts.Add(ofRun.ToImmutable());
            }

            return [.. verdicts];
        }
    }

    private async Task<Verdict> JudgeAsync(PhaseReport phase)
    {
        var verdicts = new List<Verdict>();
        foreach (var answer in phase.Answers.Where((_, i) => i % SampleEvery == 0)) verdicts.Add(await JudgeAsync(answer));
        return Verdict.Sum(verdicts);
    }

    private async Task<Verdict> JudgeAsync(GenerationResult answer)
    {
        var served = answer.Point!.Target;
        var prompt = engine.TokenizerOf(served.Model).Decode(answer.PromptIds);
        var whole = ImmutableArray.CreateBuilder<double>(models.Length);
        foreach (var model in models) whole.Add((await PromptAsync(model.Name, prompt)).Depths[^1].NegativeLogLikelihood);
        return new Verdict(
            Bytes: Encoding.UTF8.GetByteCount(prompt),
            ServedNats: (await PromptAsync(served.Model, prompt)).Depths[served.Depth - 1].NegativeLogLikelihood,
            WholeNats: whole.ToImmutable(),
            Tokens: answer.TokenIds.Count,
            Agreed: await AgreedAsync(answer, served.Model));
    }

    /// <summary>Tokens of an answer that its model would have chosen with all its layers, each after the same text.</summary>
    private async Task<int> AgreedAsync(GenerationResult answer, string model)
    {
        var layers = models.Single(info => info.Name == model).Architecture.Layers;
        var score = await engine.Lab.ScoreAsync(model, [.. answer.PromptIds, .. answer.TokenIds], [layers]);
        var chosen = score.Depths[0].TopIds.AsSpan()[(answer.PromptIds.Count - 1)..];
        var agreed = 0;
        for (var i = 0; i < answer.TokenIds.Count; i++) agreed += chosen[i] == answer.TokenIds[i] ? 1 : 0;
        return agreed;
    }

    /// <summary>The score of a prompt at every depth. The workload repeats its prompts, so scores are kept.</summary>
    private async Task<SequenceScore> PromptAsync(string model, string prompt)
    {
        if (prompts.TryGetValue((model, prompt), out var known)) return known;
        return prompts[(model, prompt)] = await engine.Lab.ScoreAsync(model, engine.TokenizerOf(model).Encode(prompt));
    }
}

/// <summary>What answers are worth, as sums that can be added up.</summary>
/// <param name="Bytes">Bytes of the prompts.</param>
/// <param name="ServedNats">-ln p of the prompts, at the model and depth that served them.</param>
/// <param name="WholeNats">-ln p of the prompts, by model, at full depth.</param>
/// <param name="Tokens">Tokens of the answers.</param>
/// <param name="Agreed">Those that the same model would have chosen at full depth.</param>
internal sealed record Verdict(long Bytes, double ServedNats, ImmutableArray<double> WholeNats, int Tokens, int Agreed)
{
    public double BitsPerByte => ServedNats / Bytes / Math.Log(2);

    /// <summary>Bits per byte above those of the best model at full depth.</summary>
    public double QualityGap => (ServedNats - WholeNats.Min()) / Bytes / Math.Log(2);

    public double Agreement => (double)Agreed / Tokens;

    public static Verdict Sum(IReadOnlyList<Verdict> verdicts) => new(
        verdicts.Sum(verdict => verdict.Bytes),
        verdicts.Sum(verdict => verdict.ServedNats),
        [.. verdicts[0].WholeNats.Select((_, model) => verdicts.Sum(verdict => verdict.WholeNats[model]))],
        verdicts.Sum(verdict => verdict.Tokens),
        verdicts.Sum(verdict => verdict.Agreed));
}
