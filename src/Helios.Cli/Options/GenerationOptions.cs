using System.Collections.Immutable;
using System.CommandLine;
using Helios.Sdk;

namespace Helios.Cli.Options;

/// <summary>A prompt and how to answer it.</summary>
internal sealed class GenerationOptions
{
    private readonly Option<string?> prompt = new("--prompt") { Description = "Prompt as text; the tokenizer adds its special tokens.", HelpName = "T" };
    private readonly Option<ImmutableArray<int>?> ids = IdList.Option("--ids", "Prompt as token ids, without added special tokens.");
    private readonly Option<int?> maxTokens = new("--max-tokens") { Description = "Maximum tokens to generate; as many as fit the context by default.", HelpName = "N" };
    private readonly Option<float?> temperature = TemperatureOption.Create();
    private readonly Option<float?> topP = new("--top-p") { Description = "Keep the most likely tokens whose probabilities sum to this; the model's default if not given.", HelpName = "X" };
    private readonly Option<int?> topK = new("--top-k") { Description = "Keep this many most likely tokens; 0 keeps all; the model's default if not given.", HelpName = "N" };
    private readonly Option<float?> minP = new("--min-p") { Description = "Keep tokens with at least this fraction of the highest probability; 0 keeps all; the model's default if not given.", HelpName = "X" };
    private readonly Option<float?> repetitionPenalty = new("--repetition-penalty") { Description = "Divides positive logits of tokens in prompt and answer, multiplies negative ones; the model's default if not given.", HelpName = "X" };
    private readonly Option<float> presencePenalty = new("--presence-penalty") { Description = "Subtracted from the logit of every token that is in the answer.", HelpName = "X" };
    private readonly Option<float> frequencyPenalty = new("--frequency-penalty") { Description = "Subtracted for every occurrence in the answer.", HelpName = "X" };
    private readonly Option<KeyValuePair<int, float>[]> logitBias = LogitBias.Option("--logit-bias", "Added to the logit of a token; -inf forbids it; may be given several times.");
    private readonly Option<int[]> stopId = new("--stop-id") { Description = "Token id with which generation ends; may be given several times.", HelpName = "ID", Arity = ArgumentArity.OneOrMore, DefaultValueFactory = _ => [] };
    private readonly Option<int?> logprobs = new("--logprobs") { Description = "Log probability of every token, and of the N most likely tokens; with --json.", HelpName = "N" };
    private readonly Option<long?> seed = new("--seed") { Description = "Seed of sampling: the same seed gives the same tokens; random by default.", HelpName = "N" };
    private readonly Option<string[]> stop = new("--stop") { Description = "Text before which generation ends; may be given several times.", HelpName = "S", Arity = ArgumentArity.OneOrMore, DefaultValueFactory = _ => [] };
    private readonly Option<bool> ignoreEos = new("--ignore-eos") { Description = "Continue past end-of-sequence ids." };

    public GenerationOptions()
    {
        maxTokens.MustBe(value => value >= 1, "at least 1");
        topP.MustBe(value => value is > 0 and <= 1, "above 0 and at most 1");
        topK.MustBe(value => value >= 0, "at least 0");
        minP.MustBe(value => value is >= 0 and <= 1, "a number from 0 to 1");
        repetitionPenalty.MustBe(value => value is >= 0.1f and <= 10, "a number from 0.1 to 10");
        presencePenalty.MustBe(value => value is >= -2 and <= 2, "a number from -2 to 2");
        frequencyPenalty.MustBe(value => value is >= -2 and <= 2, "a number from -2 to 2");
        logprobs.MustBe(value => value is >= 0 and <= 20, "a number from 0 to 20");
    }

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[prompt, ids, maxTokens, temperature, topP, topK, minP, repetitionPenalty, presencePenalty, frequencyPenalty, logitBias, logprobs, seed, stop, stopId, ignoreEos])
            command.Add(option);
        command.ExactlyOneOf(prompt, ids);
    }

    public GenerationRequest Read(ParseResult parsed) => Asked(parsed) with
    {
        MaxTokens = parsed.GetValue(maxTokens),
        Sampling = new()
        {
            Temperature = parsed.GetValue(temperature),
            TopP = parsed.GetValue(topP),
            TopK = parsed.GetValue(topK),
            MinP = parsed.GetValue(minP),
            RepetitionPenalty = parsed.GetValue(repetitionPenalty),
            PresencePenalty = parsed.GetValue(presencePenalty),
            FrequencyPenalty = parsed.GetValue(frequencyPenalty),
            LogitBias = LogitBias.ToDictionary(parsed.GetValue(logitBias)),
            Seed = parsed.GetValue(seed),
        },
        StopTokenIds = parsed.GetValue(stopId) ?? [],
        LogProbabilities = parsed.GetValue(logprobs),
        Stop = parsed.GetValue(stop) ?? [],
        IgnoreEndOfSequence = parsed.GetValue(ignoreEos),
    };

    private GenerationRequest Asked(ParseResult parsed) =>
        parsed.GetValue(ids) is { } given ? GenerationRequest.FromTokens(given) : GenerationRequest.FromText(parsed.GetValue(prompt)!);
}
