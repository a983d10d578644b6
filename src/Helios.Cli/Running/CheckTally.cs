using Helios.Sdk.Tokenization;

namespace Helios.Cli.Running;

/// <summary>What scoring again found.</summary>
/// <param name="Agreement">Share of served tokens equal to the same model's full-depth token; null without tokens.</param>
/// <param name="QualityGapBitsPerByte">Bits per byte of what served less those of the best whole model, over prompts; null without text.</param>
/// <param name="WholeTextGapBitsPerByte">The same over prompts and answers.</param>
internal sealed record CheckResult(double? Agreement, double? QualityGapBitsPerByte, double? WholeTextGapBitsPerByte);

/// <summary>Adds up what scoring again finds, text by text.</summary>
internal sealed class CheckTally
{
    private readonly Dictionary<string, JudgedText> fullDepth = new(StringComparer.Ordinal);
    private JudgedText served;
    private long tokens;
    private long agreeing;

    /// <summary>A served token, and whether it is the full-depth one.</summary>
    public void AddToken(bool agrees)
    {
        tokens++;
        if (agrees) agreeing++;
    }

    /// <summary>A text as it was served.</summary>
    public void AddServed(JudgedText text) => served += text;

    /// <summary>The same text by a whole model of the pool.</summary>
    public void AddFullDepth(string model, JudgedText text) => fullDepth[model] = fullDepth.GetValueOrDefault(model) + text;

    public CheckResult ToResult() => new(
        tokens == 0 ? null : (double)agreeing / tokens,
        served.BitsPerByte - fullDepth.Values.Select(total => total.BitsPerByte).Min(),
        served.WholeBitsPerByte - fullDepth.Values.Select(total => total.WholeBitsPerByte).Min());
}

/// <summary>
/// -ln p (nats) and UTF-8 bytes of a text's predicted tokens: of its prompt, by which quality is judged because an answer is
/// its own model's likeliest text, and of the whole.
/// </summary>
internal readonly record struct JudgedText(double Nats, long Bytes, double WholeNats, long WholeBytes)
{
    /// <summary>A shorter prompt says too little: the whole text is judged.</summary>
    private const int PromptIsEnough = 16;

    public double? BitsPerByte => Bits(Nats, Bytes);

    public double? WholeBitsPerByte => Bits(WholeNats, WholeBytes);

    public static JudgedText operator +(JudgedText one, JudgedText other) =>
        new(one.Nats + other.Nats, one.Bytes + other.Bytes, one.WholeNats + other.WholeNats, one.WholeBytes + other.WholeBytes);

    /// <summary>Judges a text.</summary>
    /// <param name="tokenizer">Whose ids they are.</param>
    /// <param name="ids">Prompt and answer.</param>
    /// <param name="promptLength">Tokens of the prompt.</param>
    /// <param name="logProbability">ln p of the token at an index from 1 on.</param>
    public static JudgedText Of(ITokenizer tokenizer, int[] ids, int promptLength, Func<int, double> logProbability)
    {
        var judged = promptLength > PromptIsEnough ? promptLength : ids.Length;
        var text = default(JudgedText);
        for (var i = 1; i < ids.Length; i++)
        {
            var bytes = (uint)ids[i] < (uint)tokenizer.VocabularySize ? tokenizer.GetBytes(ids[i]).Length : 0;
            var nats = -logProbability(i);
            text += i < judged ? new JudgedText(nats, bytes, nats, bytes) : new JudgedText(0, 0, nats, bytes);
        }

        return text;
    }

    private static double? Bits(double nats, long bytes) => bytes == 0 ? null : nats / Math.Log(2) / bytes;
}
