using System.Collections.Immutable;
using System.CommandLine;
using Helios.Sdk;

namespace Helios.Cli.Options;

/// <summary>A prompt and how to answer it.</summary>
internal sealed class GenerationOptions
{
    private readonly Option<string?> prompt = new("--prompt") { Description = "Prompt as text; the tokenizer adds its special tokens.", HelpName = "T" };
    private readonly Option<ImmutableArray<int>?> ids = IdList.Option("--ids", "Prompt as token ids, taken as they are.");
    private readonly Option<int> maxTokens = new("--max-tokens") { Description = "Most tokens to generate.", HelpName = "N", DefaultValueFactory = _ => 128 };
    private readonly Option<float> temperature = new("--temperature") { Description = "0 takes the likeliest token, above 0 samples.", HelpName = "X" };
    private readonly Option<float> topP = new("--top-p") { Description = "Keep the likeliest tokens whose probabilities sum to this.", HelpName = "X", DefaultValueFactory = _ => 1 };
    private readonly Option<int> topK = new("--top-k") { Description = "Keep this many likeliest tokens; 0 keeps all.", HelpName = "N" };
    private readonly Option<long?> seed = new("--seed") { Description = "Same seed, same tokens; drawn by default.", HelpName = "N" };
    private readonly Option<string[]> stop = new("--stop") { Description = "Text before which generation ends; may be given several times.", HelpName = "S", Arity = ArgumentArity.OneOrMore, DefaultValueFactory = _ => [] };
    private readonly Option<bool> ignoreEos = new("--ignore-eos") { Description = "Go on past end-of-sequence ids." };

    public GenerationOptions()
    {
        maxTokens.MustBe(value => value >= 1, "at least 1");
        temperature.MustBe(value => value >= 0 && float.IsFinite(value), "a finite number of at least 0");
        topP.MustBe(value => value is > 0 and <= 1, "above 0 and at most 1");
        topK.MustBe(value => value >= 0, "at least 0");
    }

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[prompt, ids, maxTokens, temperature, topP, topK, seed, stop, ignoreEos]) command.Add(option);
        command.ExactlyOneOf(prompt, ids);
    }

    public GenerationRequest Read(ParseResult parsed) => new()
    {
        Prompt = parsed.GetValue(prompt),
        TokenIds = parsed.GetValue(ids) is { } given ? given : null,
        MaxTokens = parsed.GetValue(maxTokens),
        Temperature = parsed.GetValue(temperature),
        TopP = parsed.GetValue(topP),
        TopK = parsed.GetValue(topK),
        Seed = parsed.GetValue(seed),
        Stop = [.. parsed.GetValue(stop) ?? []],
        IgnoreEndOfSequence = parsed.GetValue(ignoreEos),
    };
}
