using System.Text;
using Helios.Sdk;
using Helios.Sdk.Testing;

namespace Helios.ModelBench.Endurance;

/// <summary>
/// Two models without weights that answer the same prompts, each wrong at shallow depths of some texts, and what every token of an answer
/// must be: it follows from the text before it and the depth that it ran to, whatever the engine did meanwhile.
/// </summary>
internal sealed class EnduranceWorld : IDisposable
{
    private const int Prompts = 32;
    private const int EndOfSequence = 256;
    private const string Otherwise = "...";

    private readonly (string Prompt, string Answer)[] script = [.. Enumerable.Range(0, Prompts).Select(i => (PromptOf(i), AnswerOf(i)))];

    public EnduranceWorld() => Models = [Model("shallow", 4, [2]), Model("deep", 8, [3, 5])];

    public IReadOnlyList<ScriptedModel> Models { get; }

    /// <summary>A prompt; all begin alike, and some go on for several KV blocks.</summary>
    public string Prompt(Random random) => script[random.Next(Prompts)].Prompt;

    /// <summary>Where an answer is wrong; null when it is right.</summary>
    public string? Fault(GenerationResult answer, string prompt, int maxTokens)
    {
        var model = Models.Single(known => known.Name == answer.Point!.Target.Model);
        var text = new StringBuilder(prompt);
        for (var i = 0; i < answer.TokenIds.Count; i++)
        {
            var expected = Expected(text.ToString(), answer.ExitDepths[i], model.Layers);
            if (answer.TokenIds[i] != expected) return Invariant($"token {i} of '{prompt}' by {answer.Point} is {answer.TokenIds[i]} at depth {answer.ExitDepths[i]}; expected {expected}");
            text.Append((char)expected);
        }

        return answer.FinishReason switch
        {
            FinishReason.Stop when answer.TokenIds is not [.., EndOfSequence] => Invariant($"'{prompt}' by {answer.Point} ends too early, after {answer.TokenIds.Count} tokens"),
            FinishReason.Length when answer.TokenIds.Count != maxTokens => Invariant($"'{prompt}' by {answer.Point} ends after {answer.TokenIds.Count} tokens of {maxTokens}"),
            FinishReason.Stop or FinishReason.Length => null,
            var other => Invariant($"'{prompt}' by {answer.Point} ends with {other}"),
        };
    }

    public void Dispose()
    {
        foreach (var model in Models) model.Dispose();
    }

    private ScriptedModel Model(string name, int layers, int[] exits)
    {
        var model = new ScriptedModel(name, layers, exits) { SettledAt = text => SettledAt(text, layers) }.Otherwise(Otherwise);
        foreach (var (prompt, answer) in script) model.Answer(prompt, answer);
        return model;
    }

    private int Expected(string text, int depth, int layers)
    {
        var right = Next(text);
        if (depth >= layers || depth >= SettledAt(text, layers)) return right;
        return right == '?' ? '!' : '?';
    }

    private int Next(string text)
    {
        foreach (var (prompt, answer) in script)
        {
            if (text.StartsWith(prompt, StringComparison.Ordinal) && answer.StartsWith(text[prompt.Length..], StringComparison.Ordinal)) return At(answer, text.Length - prompt.Length);
        }

        var said = Math.Min(Otherwise.Length, text.Length);
        while (!text.EndsWith(Otherwise[..said], StringComparison.Ordinal)) said--;
        return At(Otherwise, said);
    }

    /// <summary>One text in eight needs all layers, the others a half or less.</summary>
    private static int SettledAt(string text, int layers) => text.Length % 8 == 7 ? layers : text.Length % 3 * layers / 4;

    private static int At(string answer, int index) => index < answer.Length ? answer[index] : EndOfSequence;

    private static string PromptOf(int i) => Invariant($"Question {i}: {new string((char)('a' + i % 26), 1 + (i * i % 50))}=");

    private static string AnswerOf(int i) => Invariant($"{i * 7919}{new string((char)('A' + i % 26), i % 9)}.");
}
