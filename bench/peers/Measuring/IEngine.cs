namespace Helios.Peers.Measuring;

/// <summary>A loaded model of one engine.</summary>
internal interface IEngine
{
    /// <summary>Name and setting, for people.</summary>
    string Name { get; }

    /// <summary>Bytes of the weights as the engine holds them.</summary>
    long WeightBytes { get; }

    /// <summary>Opens what a workload needs, its context filled.</summary>
    ISession Open(Workload workload);

    /// <summary>After every token of a text: the top token, and the natural log of the probability of a given one.</summary>
    Prediction[] Predict(ReadOnlySpan<int> tokens, ReadOnlySpan<int> targets);

    /// <summary>Sends threads that wait for the next step to sleep, so that they take no processor from the other engine.</summary>
    void Rest();
}

/// <summary>Sequences that are stepped together.</summary>
internal interface ISession : IDisposable
{
    /// <summary>Returns to the workload's context.</summary>
    void Rewind();

    /// <summary>Appends the workload's tokens to every sequence and computes the logits behind the last of them.</summary>
    void Step();
}

/// <summary>What is measured: so many sequences, each with so much context, so many tokens a step.</summary>
internal sealed record Workload(string Name, int Sequences, int Context, int TokensPerStep)
{
    /// <summary>Most steps between two rewinds; decode at context 64 ends at 128.</summary>
    public int MaxSteps => TokensPerStep == 1 ? 64 : 1;

    /// <summary>Tokens that each sequence holds at most.</summary>
    public int Capacity => Context + MaxSteps * TokensPerStep;

    /// <summary>Rows of a step.</summary>
    public int Rows => Sequences * TokensPerStep;

    public static Workload Decode(int sequences, int context = 64) =>
        new(context == 64 ? $"decode B={sequences}" : $"decode B={sequences} at {context}", sequences, context, TokensPerStep: 1);

    public static Workload Prefill(int tokens) => new($"prefill {tokens}", Sequences: 1, Context: 0, tokens);
}

/// <summary>What an engine predicts after a token.</summary>
internal readonly record struct Prediction(int Top, double TargetLogProbability);
