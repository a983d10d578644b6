namespace Helios.Peers.Measuring;

/// <summary>A peer's model, run with or without flash attention. Both ways share the model, which its owner disposes.</summary>
internal sealed class PeerEngine(IPeerModel model, bool flashAttention) : IEngine
{
    public string Name => flashAttention ? "flash attention" : "plain attention";

    public long WeightBytes => model.Bytes;

    public ISession Open(Workload workload) => model.Open(workload, flashAttention);

    public Prediction[] Predict(ReadOnlySpan<int> tokens, ReadOnlySpan<int> targets)
    {
        using var session = model.Open(Workload.Prefill(tokens.Length), flashAttention);
        session.Decode(tokens, allLogits: true);
        var predictions = new Prediction[tokens.Length];
        for (var i = 0; i < predictions.Length; i++)
        {
            var logits = session.Logits(i);
            predictions[i] = new Prediction(IndexOfMax(logits), logits[targets[i]] - LogSumExp(logits));
        }

        return predictions;
    }

    public void Rest() => model.Rest();

    private static int IndexOfMax(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best]) best = i;
        }

        return best;
    }

    private static double LogSumExp(ReadOnlySpan<float> logits)
    {
        var largest = logits[IndexOfMax(logits)];
        var sum = 0.0;
        foreach (var logit in logits) sum += Math.Exp(logit - largest);
        return largest + Math.Log(sum);
    }
}
