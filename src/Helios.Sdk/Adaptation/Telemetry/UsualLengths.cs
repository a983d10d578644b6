namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>Lengths of a usual request: means over about the last hundred, from a guess on. Written by one thread, read by any.</summary>
internal sealed class UsualLengths
{
    private const double Weight = 0.02;
    private double prompt = 64;
    private double total = 128;
    private int seen;

    /// <summary>Tokens of a usual prompt, at least 1.</summary>
    public int Prompt => Math.Max(1, (int)Math.Round(Volatile.Read(ref prompt)));

    /// <summary>Tokens of a usual prompt and its answer together.</summary>
    public int Total => Math.Max(Prompt + 1, (int)Math.Round(Volatile.Read(ref total)));

    /// <summary>Whether they rest on requests, of this run or of a former one.</summary>
    public bool Seen => Volatile.Read(ref seen) > 0;

    /// <summary>Starts from lengths of a former run, as if one request had had them.</summary>
    public void Restore(int promptTokens, int totalTokens) => Add(promptTokens, totalTokens);

    public void Add(int promptTokens, int totalTokens)
    {
        var weight = Math.Max(Weight, 1.0 / ++seen);
        Volatile.Write(ref prompt, prompt + weight * (promptTokens - prompt));
        Volatile.Write(ref total, total + weight * (totalTokens - total));
    }
}
