using System.Collections.Immutable;
using Helios.Cli.Benching;
using Helios.Sdk;

namespace Helios.ModelBench.Answers;

/// <summary>
/// Two engines answer the same prompts in turns, so many at a time: what drifts on the machine drifts under both. They are
/// whole engines, so that what a way of decoding costs outside the model is part of it.
/// </summary>
internal sealed class EngineRace(AnswerPlan plan, int batch, TimeProvider time)
{
    // Answers that get ahead of others end sooner, and their places are taken, but for the last ones of a round.
    private const int AnswersPerPlace = 4;

    /// <summary>Rounds before: code is compiled anew while it turns out to be hot, and engines learn.</summary>
    public async Task WarmUpAsync(HeliosEngine first, HeliosEngine second, CancellationToken cancellationToken)
    {
        for (var round = 0; round < Math.Max(2, plan.Rounds / 3); round++)
        {
            await AnswerAsync(first, round, cancellationToken).ConfigureAwait(false);
            await AnswerAsync(second, round, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Measures; <paramref name="compare"/> sees each pair of answers.</summary>
    public async Task<RaceResult> RunAsync(HeliosEngine first, HeliosEngine second, Action<GenerationResult, GenerationResult> compare, CancellationToken cancellationToken)
    {
        var (firstTps, secondTps, ratios) = (new Samples(), new Samples(), new Samples());
        long tokens = 0;
        for (var round = 0; round < plan.Rounds; round++)
        {
            // Every other round the other one begins.
            var early = round % 2 == 0 ? null : await AnswerAsync(second, round, cancellationToken).ConfigureAwait(false);
            var ours = await AnswerAsync(first, round, cancellationToken).ConfigureAwait(false);
            var theirs = early ?? await AnswerAsync(second, round, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < ours.Answers.Length; i++) compare(ours.Answers[i], theirs.Answers[i]);

            firstTps.Add(ours.TokensPerSecond);
            secondTps.Add(theirs.TokensPerSecond);
            ratios.Add(theirs.TokensPerSecond / ours.TokensPerSecond);
            tokens += theirs.Tokens;
        }

        return new RaceResult(firstTps.Median, secondTps.Median, ratios.Median, tokens);
    }

    private async Task<Round> AnswerAsync(HeliosEngine engine, int round, CancellationToken cancellationToken)
    {
        var answers = new GenerationResult[AnswersPerPlace * batch];
        var options = new ParallelOptions { MaxDegreeOfParallelism = batch, CancellationToken = cancellationToken };
        var started = time.GetTimestamp();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, answers.Length),
            options,
            async (i, cancel) => answers[i] = await engine.GenerateAsync(plan.Request(round * answers.Length + i), cancel).ConfigureAwait(false)).ConfigureAwait(false);
        return new Round(answers, time.GetElapsedTime(started).TotalSeconds);
    }

    private sealed record Round(GenerationResult[] Answers, double Seconds)
    {
        public long Tokens => Answers.Sum(answer => (long)answer.TokenIds.Count);

        public double TokensPerSecond => Tokens / Seconds;
    }
}

/// <summary>Medians over rounds.</summary>
/// <param name="FirstTps">Tokens a second of the first engine.</param>
/// <param name="SecondTps">Tokens a second of the second one.</param>
/// <param name="SpeedUp">The second over the first.</param>
/// <param name="Tokens">Tokens that the second one answered.</param>
internal sealed record RaceResult(double FirstTps, double SecondTps, double SpeedUp, long Tokens);

/// <summary>What engines are asked in a race.</summary>
/// <param name="Prompts">Prompts, taken in turn.</param>
/// <param name="MaxTokens">Tokens of every answer.</param>
/// <param name="Temperature">0 takes the likeliest token.</param>
/// <param name="Rounds">Rounds measured of each engine.</param>
internal sealed record AnswerPlan(ImmutableArray<string> Prompts, int MaxTokens, float Temperature, int Rounds)
{
    public GenerationRequest Request(int number) => GenerationRequest.FromText(Prompts[number % Prompts.Length]) with
    {
        MaxTokens = MaxTokens,
        Sampling = new() { Temperature = Temperature, Seed = number },
        IgnoreEndOfSequence = true,
    };
}
