using System.Collections.Immutable;
using Helios.Cli.Errors;
using Helios.Cli.Files;

namespace Helios.Cli.Running;

/// <summary>When the requests of a run arrive, since the beginning of the run.</summary>
internal static class Arrivals
{
    /// <summary>
    /// As the prompts say, stretched or squeezed to a mean rate when one is given; at random moments of that rate when they
    /// say nothing. Null when neither says anything: each request then waits for one before it to end.
    /// </summary>
    /// <param name="prompts">The prompts; all have an arrival or none has.</param>
    /// <param name="first">The first prompt that counts; those before it arrived in the past.</param>
    /// <param name="rate">Requests a second; null leaves the arrivals as they are.</param>
    /// <param name="seed">Seed of random moments.</param>
    /// <exception cref="FileException">All arrive at the same moment, which no factor turns into a rate.</exception>
    public static ImmutableArray<TimeSpan>? Of(IReadOnlyList<PromptLine> prompts, int first, double? rate, int seed)
    {
        if (prompts[^1].AtMs is not { } last) return rate is { } mean ? AtRandom(prompts.Count - first, mean, seed) : null;
        if (rate is not { } perSecond) return Scaled(prompts, first, origin: first == 0 ? 0 : prompts[first - 1].AtMs!.Value, factor: 1);

        var origin = prompts[first].AtMs!.Value;
        var gaps = prompts.Count - first - 1;
        if (gaps > 0 && last == origin) throw new FileException(Invariant($"Every prompt arrives at {last} ms (atMs); --rate needs different arrival times."));
        return Scaled(prompts, first, origin, gaps == 0 ? 1 : gaps * 1000 / (perSecond * (last - origin)));
    }

    private static ImmutableArray<TimeSpan> Scaled(IReadOnlyList<PromptLine> prompts, int first, double origin, double factor) =>
        [.. prompts.Skip(first).Select(prompt => TimeSpan.FromMilliseconds((prompt.AtMs!.Value - origin) * factor))];

    private static ImmutableArray<TimeSpan> AtRandom(int count, double perSecond, int seed)
    {
        var random = new Random(seed);
        var arrivals = ImmutableArray.CreateBuilder<TimeSpan>(count);
        var at = TimeSpan.Zero;
        for (var i = 0; i < count; i++) arrivals.Add(at += TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / perSecond));
        return arrivals.MoveToImmutable();
    }
}
