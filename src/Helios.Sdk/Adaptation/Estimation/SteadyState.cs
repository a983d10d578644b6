using System.Collections.Immutable;

namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>
/// Times of sequences of usual lengths that run together at a depth, each that ends followed by the next, whose prompt is
/// computed between the others' tokens. Pure.
/// </summary>
/// <param name="Costs">What steps cost.</param>
/// <param name="Depth">Layers run.</param>
/// <param name="PromptTokens">Tokens of a prompt, at least 1.</param>
/// <param name="AnswerTokens">Tokens of an answer, at least 1.</param>
internal sealed record SteadyState(StepCosts Costs, int Depth, int PromptTokens, int AnswerTokens)
{
    /// <summary>Most rows of a step.</summary>
    public required int MaxRowsPerStep { get; init; }

    /// <summary>How much longer than its decoding rows alone a step may take for the sake of prompts, a factor above 1.</summary>
    public required double MaxDecodeStretch { get; init; }

    /// <summary>A step of no more seconds than this is not held back.</summary>
    public required double UnpacedSeconds { get; init; }

    /// <summary>Timings at 1, 2, 4, ... and <paramref name="maxBatch"/>; none when that is 0 or nothing was measured.</summary>
    public ImmutableArray<BatchTiming> Batches(int maxBatch)
    {
        if (maxBatch < 1 || !Costs.IsMeasured) return [];
        var batches = ImmutableArray.CreateBuilder<BatchTiming>();
        for (var batch = 1; batch < maxBatch; batch *= 2) batches.Add(At(batch));
        batches.Add(At(maxBatch));
        return batches.DrainToImmutable();
    }

    /// <summary>Seconds in which every one of so many sequences gets one token, and its share of prompts is computed.</summary>
    public double Cycle(int batch) => Step(batch) + batch * Prompt(batch - 1) / AnswerTokens;

    /// <summary>Sequences that run together when so many tokens per second are wanted, at most <paramref name="most"/>.</summary>
    public int BatchFor(double tokensPerSecond, int most)
    {
        var batch = 1;
        while (batch < most && batch / Cycle(batch) < tokensPerSecond) batch++;
        return batch;
    }

    /// <summary>Seconds per token, the prompts of the others' successors included.</summary>
    public double Tpot(int batch) => Step(batch) + (batch - 1) * Prompt(batch - 1) / AnswerTokens;

    /// <summary>
    /// Seconds to the first token of a newcomer that finds a place: it waits for the step under way, then its prompt is taken in,
    /// over as many steps as pacing makes of it.
    /// </summary>
    public double Ttft(int batch)
    {
        var others = batch - 1;
        var prompt = Prompt(others);
        if (others == 0) return prompt;
        var step = Step(others);
        var mayTake = Math.Max((MaxDecodeStretch - 1) * step, UnpacedSeconds - step);
        return step + Math.Max(1, prompt / mayTake) * step + prompt;
    }

    private BatchTiming At(int batch) => new(batch, Tpot(batch) * 1000, Ttft(batch) * 1000, batch / Cycle(batch));

    /// <summary>While it decodes, a sequence grows from its prompt to its full length.</summary>
    private double Step(int batch) => Costs.PredictStep(batch, Depth, PromptTokens + AnswerTokens / 2.0);

    /// <summary>What a prompt adds to a step of so many others; alone, what it takes.</summary>
    private double Prompt(int others)
    {
        if (others == 0) return Costs.PredictPrefill(PromptTokens, Depth, MaxRowsPerStep);
        var context = others * (PromptTokens + AnswerTokens / 2.0);
        var own = PromptTokens * (PromptTokens + 1.0) / 2;
        return Costs.Predict(others + PromptTokens, others + 1, Depth, context + own) - Costs.Predict(others, others, Depth, context);
    }
}
