using System.Collections.Immutable;
using System.Text;
using Helios.Sdk;

namespace Helios.ModelBench.Soaking;

/// <summary>A request of a soak, and when its client loses interest.</summary>
/// <param name="Request">The request.</param>
/// <param name="Streamed">Reads the answer piece by piece. Such a request names its model and full depth: a stream does not say what answered it.</param>
/// <param name="GivesUpAfter">Cancels it after this time; null waits for the end.</param>
/// <param name="LeavesAfter">Leaves a stream after so many pieces; null reads to the end.</param>
internal sealed record SoakRequest(GenerationRequest Request, bool Streamed, TimeSpan? GivesUpAfter, int? LeavesAfter);

/// <summary>Random requests of one client: sizes, tenants, urgency, sampling, stops, overrides of the operating point, changes of mind. Not thread-safe.</summary>
internal sealed class SoakTraffic(IReadOnlyList<SoakModel> models, int seed)
{
    private const double LongestGivingUpMs = 400;
    private const double LongestPauseMs = 20;

    private static readonly string[] Words =
    [
        "the", "a", "boy", "girl", "dog", "king", "ship", "house", "garden", "water", "tree", "night", "day", "war", "horse", "friend",
        "looked", "said", "went", "saw", "found", "ran", "gave", "took", "asked", "little", "old", "red", "happy", "great", "and", "but",
        "with", "from", "under", "over", "because", "when", "3", "12", "40", "apples", "dollars", "how", "many", ".", ",", "?", "\n",
    ];

    private static readonly string[] Openings =
    [
        "", "Once upon a time, there was a little girl named Lily. She loved to play outside in the park with her friends. One day,",
        "Question: Tom has 3 apples and buys 4 more at the market, and gives half of them to his sister. How many apples does Tom have now?\nAnswer:",
        "KING HENRY:\nWhat news, my lord? Speak, and be plain with us.\n\n",
    ];

    private static readonly ImmutableArray<string> Stops = [".", " and", "\n", " the"];

    private readonly Random random = new(seed);
    private readonly int context = models.Min(model => model.ContextLength);

    /// <summary>A pause between two requests.</summary>
    public TimeSpan Pause() => TimeSpan.FromMilliseconds(random.NextDouble() * LongestPauseMs);

    public SoakRequest Next()
    {
        var prompt = Prompt(out var tokens);
        var streamed = Chance(0.2);
        var request = Override(streamed, GenerationRequest.FromText(prompt) with
        {
            MaxTokens = 1 + (int)(Square() * (context - tokens - 1)),
            Tenant = Chance(0.2) ? null : Invariant($"tenant-{(int)(Square() * 6)}"),
            IgnoreEndOfSequence = Chance(0.5),
            Stop = Chance(0.15) ? [Pick(Stops)] : [],
            Priority = Chance(0.7) ? RequestPriority.Normal : Chance(0.5) ? RequestPriority.High : RequestPriority.Low,
            FirstTokenWithin = Chance(0.3) ? TimeSpan.FromMilliseconds(1 + random.Next(1000)) : null,
        });
        if (Chance(0.4))
        {
            request = request with
            {
                Sampling = request.Sampling with { Temperature = 0.5f + random.NextSingle(), TopK = Chance(0.5) ? 1 + random.Next(60) : 0, TopP = Chance(0.5) ? 0.5f + random.NextSingle() / 2 : 1, MinP = Chance(0.2) ? random.NextSingle() / 5 : 0, Seed = random.NextInt64() },
            };
        }

        if (Chance(0.2))
        {
            request = request with
            {
                Sampling = request.Sampling with { RepetitionPenalty = 1 + random.NextSingle() / 2, PresencePenalty = random.NextSingle(), FrequencyPenalty = random.NextSingle(), LogitBias = request.Model is { } name ? Bias(name) : null },
                LogProbabilities = random.Next(4),
            };
        }

        return new SoakRequest(
            request,
            streamed,
            Chance(0.15) ? TimeSpan.FromMilliseconds(random.NextDouble() * LongestGivingUpMs) : null,
            streamed && Chance(0.3) ? 1 + random.Next(request.MaxTokens!.Value) : null);
    }

    /// <summary>Words behind one of a few openings, so that many prompts begin alike; at least one token of every context is left for the answer.</summary>
    private string Prompt(out int tokens)
    {
        var opening = Pick(Openings);
        for (var count = 1 + (int)(Square() * context); ; count = Math.Max(1, count / 2))
        {
            var text = new StringBuilder(opening);
            for (var i = 0; i < count; i++) text.Append(' ').Append(Pick(Words));
            var prompt = text.ToString();
            tokens = models.Max(model => model.Tokenizer.Encode(prompt).Count);
            if (tokens < context) return prompt;
            if (count == 1) opening = "";
        }
    }

    private GenerationRequest Override(bool streamed, GenerationRequest request) => random.Next(20) switch
    {
        _ when streamed => request with { Model = Pick(models).Name, FullDepth = true },
        0 or 1 => request with { FullDepth = true },
        2 or 3 => request with { Model = Pick(models).Name },
        4 => request with { MaxQualityGap = random.NextDouble() / 4 },
        _ => request,
    };

    /// <summary>Ids are those of one tokenizer.</summary>
    private Dictionary<int, float> Bias(string model) => new() { [random.Next(models.First(known => known.Name == model).Tokenizer.VocabularySize)] = 5 };

    private bool Chance(double probability) => random.NextDouble() < probability;

    /// <summary>0..1, small values more often: lengths of real requests are spread like that.</summary>
    private double Square() => Math.Pow(random.NextDouble(), 2);

    private T Pick<T>(IReadOnlyList<T> list) => list[random.Next(list.Count)];
}
