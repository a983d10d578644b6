using System.Collections.Immutable;

namespace Helios.Sdk.Simulation;

/// <summary>Refuses scripts that make no world.</summary>
internal static class SimulationCheck
{
    /// <exception cref="ArgumentException">The message names the place, what was found and what was expected.</exception>
    public static void Check(SimulationScript script)
    {
        Demand(!script.Models.IsDefaultOrEmpty, "models", "empty", "at least one model, here or in the file that modelsFrom names");
        Demand(!script.Phases.IsDefaultOrEmpty, "phases", "empty", "at least one phase");
        Positive("memoryBudgetBytes", script.MemoryBudgetBytes);
        Positive("loadBytesPerSecond", script.LoadBytesPerSecond);
        Demand(script.LoadSlowdown >= 1, "loadSlowdown", script.LoadSlowdown, "at least 1");
        Demand(script.StepNoise is >= 0 and < 1, "stepNoise", script.StepNoise, "0 up to 1");
        NoNull(script.Models, "models");
        NoNull(script.Phases, "phases");
        NoNull(script.LoadFaults, "loadFaults");
        var twice = script.Models.GroupBy(model => model.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1);
        Demand(twice is null, "models", $"'{twice?.Key}' twice", "unique names");

        for (var i = 0; i < script.Models.Length; i++) Check(script.Models[i], Invariant($"models[{i}]"));
        for (var i = 0; i < script.Phases.Length; i++) Check(script.Phases[i], Invariant($"phases[{i}]"), script);
        foreach (var fault in script.LoadFaults)
            Demand(script.Models.Any(model => model.Name == fault.Model), "loadFaults", $"'{fault.Model}'", "the name of a model");
    }

    private static void Check(SimulatedModel model, string at)
    {
        Positive($"{at}.layers", model.Layers);
        Positive($"{at}.layerBytes", model.LayerBytes);
        Positive($"{at}.kvBytesPerToken", model.KvBytesPerToken);
        Demand(model.FixedBytes >= 0, $"{at}.fixedBytes", model.FixedBytes, "0 or more");
        Check(model.Costs.Layer, $"{at}.costs.layer");
        Check(model.Costs.Head, $"{at}.costs.head");
        Demand(!model.Texts.IsEmpty, $"{at}.texts", "empty", "at least one kind of text");

        foreach (var (kind, exits) in model.Texts) NoNull(exits, $"{at}.texts.{kind}");
        var depths = model.Texts.First().Value.Select(exit => exit.Depth).ToList();
        foreach (var (kind, exits) in model.Texts)
        {
            var place = $"{at}.texts.{kind}";
            Demand(exits.Select(exit => exit.Depth).SequenceEqual(depths), place, $"depths {string.Join(", ", exits.Select(exit => exit.Depth))}", $"{string.Join(", ", depths)}, as of the first kind");
            Demand(exits.Length > 0 && exits[^1].Depth == model.Layers, place, Invariant($"the last depth {(exits.Length > 0 ? exits[^1].Depth : 0)}"), Invariant($"{model.Layers}, the full depth"));
            Demand(exits.Zip(exits.Skip(1)).All(pair => pair.First.Depth < pair.Second.Depth) && exits[0].Depth >= 1, place, "depths out of order", "ascending depths from 1");
            foreach (var exit in exits)
            {
                Demand(exit.Agreement is > 0 and <= 1, $"{place}.agreement", exit.Agreement, "above 0, up to 1");
                Demand(exit.Spread is >= 0 and <= 10, $"{place}.spread", exit.Spread, "0 to 10");
                Positive($"{place}.bitsPerByte", exit.BitsPerByte);
            }
        }
    }

    private static void Check(ImmutableArray<RowCost> costs, string at)
    {
        Demand(!costs.IsDefaultOrEmpty && costs[0].Rows == 1, at, costs.IsDefaultOrEmpty ? "empty" : Invariant($"a first row of {costs[0].Rows}"), "costs from 1 row on");
        for (var i = 0; i < costs.Length; i++)
        {
            Positive(Invariant($"{at}[{i}].ms"), costs[i].Ms);
            Demand(i == 0 || costs[i].Rows > costs[i - 1].Rows && costs[i].Ms >= costs[i - 1].Ms, Invariant($"{at}[{i}]"), costs[i], "more rows, and no less time, than before");
        }
    }

    private static void Check(SimulatedPhase phase, string at, SimulationScript script)
    {
        Positive($"{at}.requests", phase.Requests);
        Positive($"{at}.slowdown", phase.Slowdown);
        Demand(phase.Concurrency is null != phase.RequestsPerSecond is null, at, "both or neither of concurrency and requestsPerSecond", "one of them");
        if (phase.Concurrency is { } concurrency) Positive($"{at}.concurrency", concurrency);
        if (phase.RequestsPerSecond is { } rate) Positive($"{at}.requestsPerSecond", rate);
        Demand(!phase.Sources.IsDefaultOrEmpty, $"{at}.sources", "empty", "at least one");
        NoNull(phase.Sources, $"{at}.sources");
        Demand(phase.Sources.Sum(source => source.Share) > 0 && phase.Sources.Sum(source => source.ShareAtEnd ?? source.Share) > 0, $"{at}.sources", "no share", "shares above 0 at both ends");
        foreach (var source in phase.Sources)
        {
            Demand(source.Share >= 0 && source.ShareAtEnd is null or >= 0, $"{at}.sources.share", source.Share, "0 or more");
            Demand(source.PromptTokens >= 2, $"{at}.sources.promptTokens", source.PromptTokens, "at least 2");
            Positive($"{at}.sources.answerTokens", source.AnswerTokens);
            var stranger = script.Models.FirstOrDefault(model => !model.Texts.ContainsKey(source.Text));
            Demand(stranger is null, $"{at}.sources.text", $"'{source.Text}'", $"a kind of text that '{stranger?.Name}' knows");
        }
    }

    private static void NoNull<T>(ImmutableArray<T> items, string at)
        where T : class
    {
        for (var i = 0; i < items.Length; i++) Demand(items[i] is not null, Invariant($"{at}[{i}]"), "null", "an object");
    }

    private static void Positive(string at, double value) => Demand(value > 0 && double.IsFinite(value), at, value, "a number above 0");

    private static void Demand(bool holds, string at, object found, string expected)
    {
        if (!holds) throw new ArgumentException(Invariant($"{at} is {found}; expected {expected}."), nameof(found));
    }
}
