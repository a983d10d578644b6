using System.Text;
using Helios.Sdk;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Fuzz.Targets;

/// <summary>What configuration and requests name.</summary>
internal static class RequestTargets
{
    public static Dictionary<string, Func<Scratch, FuzzTarget>> All { get; } = new(StringComparer.Ordinal)
    {
        ["exit-policy"] = _ => new FuzzTarget("exit-policy", input => RoundTrip(Encoding.UTF8.GetString(input)), typeof(InvalidOptionException)),
        ["objective"] = _ => new FuzzTarget("objective", input => ObjectiveParser.Parse(Encoding.UTF8.GetString(input)), typeof(InvalidOptionException)),
        ["options"] = _ => new FuzzTarget("options", Set, typeof(InvalidOptionException)),
        ["stop"] = _ => new FuzzTarget("stop", Stop),
    };

    /// <summary>The name of a policy is read as the same policy.</summary>
    private static void RoundTrip(string text)
    {
        var policy = ExitPolicyParser.Parse(text);
        if (ExitPolicyParser.Parse(policy.Name).Name != policy.Name) throw new InvalidOperationException($"'{policy.Name}' is read as '{ExitPolicyParser.Parse(policy.Name).Name}'");
    }

    /// <summary>The first byte says which option; the others are its value as configuration writes it.</summary>
    private static void Set(byte[] input)
    {
        if (input.Length == 0) return;
        var all = HeliosOption.All;
        all[input[0] % all.Count].Set(new HeliosOptions(), Encoding.UTF8.GetString(input.AsSpan(1)));
    }

    /// <summary>Lines of stop strings, an empty line, an answer: the detector finds what a search finds, however the answer is cut.</summary>
    private static void Stop(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        var gap = text.IndexOf("\n\n", StringComparison.Ordinal);
        if (gap < 0) return;
        string[] stops = [.. text[..gap].Split('\n').Where(stop => stop.Length is > 0 and < 100).Take(64)];
        var answer = Encoding.UTF8.GetBytes(text[(gap + 2)..]);

        var whole = new StopDetector(StopStrings.Of(stops));
        whole.Feed(answer);
        var cut = new StopDetector(StopStrings.Of(stops));
        for (var i = 0; i < answer.Length; i += 3) cut.Feed(answer.AsSpan(i, Math.Min(3, answer.Length - i)));
        if (whole.StopAt != cut.StopAt) throw new InvalidOperationException($"whole it stops at {whole.StopAt}, cut at {cut.StopAt}");
        if (whole.StopAt != Search(stops, answer)) throw new InvalidOperationException($"it stops at {whole.StopAt}, a search at {Search(stops, answer)}");
    }

    /// <summary>The first to be complete, and the longest of those that are complete at the same byte.</summary>
    private static int? Search(string[] stops, byte[] answer)
    {
        var found = stops.Select(Encoding.UTF8.GetBytes)
            .Select(stop => (Start: answer.AsSpan().IndexOf(stop), stop.Length))
            .Where(place => place.Start >= 0)
            .OrderBy(place => place.Start + place.Length)
            .ThenBy(place => place.Start)
            .ToList();
        return found.Count > 0 ? found[0].Start : null;
    }
}
