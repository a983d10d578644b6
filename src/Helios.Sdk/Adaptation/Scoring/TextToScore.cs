using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Adaptation.Scoring;

/// <summary>A finished text in a candidate's own ids, cut to what its context and scoring take.</summary>
/// <param name="Id">Identifies the text.</param>
/// <param name="Tokens">Prompt and answer.</param>
/// <param name="PromptLength">Tokens of the prompt.</param>
internal sealed record TextToScore(long Id, int[] Tokens, int PromptLength)
{
    /// <summary>
    /// Prompt tokens from which on quality is judged by the prompt alone. An answer is its own model's likeliest text: judging
    /// by it favours the model that serves.
    /// </summary>
    private const int PromptIsEnough = 16;

    /// <summary>Longest beginning of a text that is scored: what it takes, in memory and in time between two steps, must stay small beside serving.</summary>
    private const int MostTokens = 2048;

    public static TextToScore For(PoolEntry entry, FinishedText text)
    {
        var tokenizer = entry.Tokenizer;
        var (tokens, promptLength) = tokenizer.Fingerprint == text.Source.Fingerprint
            ? (text.Tokens, text.PromptLength)
            : tokenizer.VocabularySize == 0 ? ([], 0)
            : Translate(tokenizer, text);
        var length = Math.Min(tokens.Length, Math.Min(MostTokens, entry.Info.Architecture.ContextLength));

        // A prompt of special tokens alone is nothing in another tokenizer's ids; the first token is predicted by none anyway.
        return new TextToScore(text.Id.Value, tokens[..length], Math.Clamp(promptLength, 1, Math.Max(1, length)));
    }

    /// <summary>Position i predicts token i + 1, from the signals of row i.</summary>
    public RequestTaps ToTaps(ITokenizer tokenizer, ScoredText scored)
    {
        var positions = Tokens.Length - 1;
        var judged = PromptLength > PromptIsEnough ? PromptLength - 1 : positions;
        var bytes = 0;
        foreach (var token in Tokens.AsSpan(1, judged)) bytes += IsKnown(tokenizer, token) ? tokenizer.GetBytes(token).Length : 0;

        var taps = new RequestTaps(Id, scored.Depths, positions, Math.Min(PromptLength - 1, positions), new JudgedText(judged, bytes));
        for (var exit = 0; exit < scored.Depths.Length; exit++)
            scored.Signals[exit].AsSpan(0, positions).CopyTo(taps.At(exit));
        return taps;
    }

    private static (int[] Tokens, int PromptLength) Translate(ITokenizer tokenizer, FinishedText text)
    {
        var prompt = tokenizer.Encode(text.Source.Decode(text.Tokens.Take(text.PromptLength).Where(Known)));
        var answer = tokenizer.Encode(text.Source.Decode(text.Tokens.Skip(text.PromptLength).Where(Known)), addSpecialTokens: false);
        return ([.. prompt, .. answer], prompt.Count);

        bool Known(int token) => IsKnown(text.Source, token);
    }

    /// <summary>Models often have more rows than their tokenizer has tokens; such an id stands for no text.</summary>
    private static bool IsKnown(ITokenizer tokenizer, int token) => (uint)token < (uint)tokenizer.VocabularySize;
}
