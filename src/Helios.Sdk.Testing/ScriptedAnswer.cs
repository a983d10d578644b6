using System.Collections.Immutable;

namespace Helios.Sdk.Testing;

/// <summary>An answer of a <see cref="ScriptedHeliosClient"/>, token by token.</summary>
public sealed record ScriptedAnswer
{
    /// <summary>The texts of its tokens.</summary>
    public required ImmutableArray<string> Tokens { get; init; }

    /// <summary>Layers executed for every token.</summary>
    public int ExitDepth { get; init; } = 1;

    /// <summary>The operating point that it reports.</summary>
    public OperatingPoint? Point { get; init; } = new(new LoadTarget("scripted", 1));

    /// <summary>Why it ends; <see cref="GenerationRequest.MaxTokens"/> may end it earlier, with <see cref="FinishReason.Length"/>.</summary>
    public FinishReason FinishReason { get; init; } = FinishReason.Stop;

    /// <summary>Thrown after its tokens instead of an end; null for a normal end.</summary>
    public Exception? Error { get; init; }

    /// <summary>Time until the first token, on the client's clock.</summary>
    public TimeSpan FirstTokenAfter { get; init; }

    /// <summary>Time between one token and the next, on the client's clock.</summary>
    public TimeSpan TokenEvery { get; init; }

    /// <summary>Splits a text into tokens: words, each with the space before it.</summary>
    /// <param name="text">The answer.</param>
    public static ScriptedAnswer Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var tokens = ImmutableArray.CreateBuilder<string>();
        var begin = 0;
        for (var i = 1; i <= text.Length; i++)
        {
            if (i < text.Length && !(char.IsWhiteSpace(text[i]) && !char.IsWhiteSpace(text[i - 1]))) continue;
            tokens.Add(text[begin..i]);
            begin = i;
        }

        return new ScriptedAnswer { Tokens = tokens.ToImmutable() };
    }
}
