namespace Helios.Backends.Testing.Support;

/// <summary>
/// A least share of the likeliest token's probability, a top p, and the last of four tokens that both leave, of the probabilities 0.6, 0.25,
/// 0.1 and 0.05: the least kept is the share times 0.6.
/// </summary>
public sealed class MinPCases : TheoryData<float, float, int>
{
    public MinPCases()
    {
        Add(0, 1, 3);
        Add(0.08f, 1, 3);
        Add(0.09f, 1, 2);
        Add(0.16f, 1, 2);
        Add(0.17f, 1, 1);
        Add(0.41f, 1, 1);
        Add(0.42f, 1, 0);
        Add(1, 1, 0);
        Add(0.08f, 0.9f, 2);
        Add(0.08f, 0.8f, 1);
    }

    /// <summary>Logits of the four tokens.</summary>
    public static float[] Logits { get; } = [MathF.Log(0.6f), MathF.Log(0.25f), MathF.Log(0.1f), MathF.Log(0.05f)];
}
