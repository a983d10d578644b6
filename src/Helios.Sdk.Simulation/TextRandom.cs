namespace Helios.Sdk.Simulation;

/// <summary>What the tokens of a text are like: the same for all who serve or score it.</summary>
/// <param name="seed">Of the simulation.</param>
/// <param name="kinds">How many kinds of text there are; a text's number says which it is.</param>
internal readonly struct TextRandom(ulong seed, int kinds)
{
    /// <summary>How much of a token's easiness is its request's.</summary>
    private const float Shared = 0.4f;

    /// <summary>Correlation of two tokens of a request in whether they are below a middling threshold, 0..1.</summary>
    public static readonly double Clustering = 2 / Math.PI * Math.Asin(Shared * Shared);

    private static readonly float Own = MathF.Sqrt(1 - Shared * Shared);

    /// <summary>Number of a request's text.</summary>
    public int NumberOf(in ScriptedRequest request) => checked((int)(request.Id * kinds + request.Kind));

    /// <summary>Index of a text's kind.</summary>
    public int KindOf(int text) => text % kinds;

    /// <summary>How easy the token behind a position is: normal with deviation 1, part of it the text's.</summary>
    public float Easiness(int text, int position) => Shared * Of(text, -1).Normal() + Own * Of(text, position).Normal();

    /// <summary>Random numbers of a token, or of the text as a whole.</summary>
    /// <param name="text">Number of the text.</param>
    /// <param name="position">The position; negative ones are of the whole text.</param>
    public SimulationRandom Of(int text, int position) => new(seed ^ ((ulong)(uint)text + 1) * 0xD1342543DE82EF95 ^ (ulong)(uint)(position + 16) * 0x2545F4914F6CDD1D);
}
