using System.Collections.Immutable;
using System.CommandLine;
using Helios.Cli.Files;
using Helios.Cli.Options;

namespace Helios.ModelBench.Answers;

/// <summary>What engines answer while they are compared.</summary>
internal sealed class AnswerOptions
{
    private static readonly ImmutableArray<string> DefaultPrompts =
    [
        "Once upon a time, there was", "Question: Sam has 5 apples and buys 7 more. How many apples does he have?\nAnswer:", "KING HENRY:\n",
        "Prince Andrew looked at", "One day, a little dog", "Tom and Lily went to the park.", "The old man said that", "In the morning the",
    ];

    private readonly Option<string?> prompts = new("--prompts") { Description = "Prompts, one JSON object a line as for run; eight short ones of its own by default.", HelpName = "F" };
    private readonly Option<int> maxTokens = new("--max-tokens") { Description = "Tokens of every answer.", HelpName = "N", DefaultValueFactory = _ => 128 };
    private readonly Option<float> temperature = new("--temperature") { Description = "0 takes the most likely token, above 0 samples.", HelpName = "X" };
    private readonly Option<int> rounds;

    /// <param name="defaultRounds">Rounds where nothing is said.</param>
    public AnswerOptions(int defaultRounds)
    {
        rounds = new Option<int>("--rounds") { Description = "Rounds measured of each engine, in turns, of four answers a place.", HelpName = "N", DefaultValueFactory = _ => defaultRounds };
        maxTokens.MustBe(value => value >= 1, "at least 1");
        temperature.MustBe(value => value >= 0 && float.IsFinite(value), "a finite number of at least 0");
        rounds.MustBe(value => value >= 1, "at least 1");
    }

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[prompts, maxTokens, temperature, rounds]) command.Add(option);
    }

    public AnswerPlan Read(ParseResult parsed) => new(
        parsed.GetValue(prompts) is { } path ? [.. PromptFile.Read(path, 1).Select(line => line.Prompt)] : DefaultPrompts,
        parsed.GetValue(maxTokens),
        parsed.GetValue(temperature),
        parsed.GetValue(rounds));
}
