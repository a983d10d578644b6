using Helios.Peers.Measuring;

namespace Helios.Peers.LlamaCpp;

/// <summary>A GGUF model, run with or without flash attention. Both ways share the model, which its owner disposes.</summary>
internal sealed class LlamaEngine(LlamaLibrary library, LlamaModel model, bool flashAttention) : IEngine
{
    public string Name => flashAttention ? "flash attention" : "plain attention";

    public long WeightBytes => model.Bytes;

    public ISession Open(Workload workload) => new LlamaSession(library, model, workload, flashAttention);

    public Prediction[] Predict(ReadOnlySpan<int> tokens, ReadOnlySpan<int> targets)
    {
        using var session = new LlamaSession(library, model, Workload.Prefill(tokens.Length), flashAttention);
        session.Decode(tokens, allLogits: true);
        var predictions = new Prediction[tokens.Length];
        for (var i = 0; i < predictions.Length; i++)
        {
            var logits = session.Logits(i);
            predictions[i] = new Prediction(IndexOfMax(logits), logits[targets[i]] - LogSumExp(logits));
        }

        return predictions;
    }

    public void Rest() => Native.ggml_threadpool_pause(library.Pool);

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
