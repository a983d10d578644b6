namespace Helios.Sdk.Tests.Serving.Decoding;

/// <summary>What a request wants of its logits, straight from the formulas, in double.</summary>
internal static class ReferenceEdit
{
    public static void Apply(GenerationRequest request, IReadOnlyList<int> tokens, int promptLength, float[] logits)
    {
        var edited = Array.ConvertAll(logits, logit => (double)logit);
        var repetition = request.Sampling.RepetitionPenalty ?? 1;
        foreach (var id in tokens.Distinct()) edited[id] = edited[id] > 0 ? edited[id] / repetition : edited[id] * repetition;
        foreach (var group in tokens.Skip(promptLength).GroupBy(id => id))
            edited[group.Key] -= group.Count() * (double)request.Sampling.FrequencyPenalty + request.Sampling.PresencePenalty;
        foreach (var (id, bias) in request.Sampling.LogitBias ?? new Dictionary<int, float>()) edited[id] += bias;
        for (var id = 0; id < logits.Length; id++) logits[id] = (float)edited[id];
        foreach (var processor in request.Sampling.LogitsProcessors) processor.Process([.. tokens], logits);
    }
}
