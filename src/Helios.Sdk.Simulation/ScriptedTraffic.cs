using System.Collections.Immutable;

namespace Helios.Sdk.Simulation;

/// <summary>A request of the script.</summary>
/// <param name="Id">Its number, from 0.</param>
/// <param name="Kind">Index of its kind of text.</param>
/// <param name="Tenant">Its tenant; null without one.</param>
/// <param name="PromptTokens">Tokens of its prompt, at least 2.</param>
/// <param name="AnswerTokens">Tokens of its answer, at least 1.</param>
internal readonly record struct ScriptedRequest(long Id, int Kind, string? Tenant, int PromptTokens, int AnswerTokens);

/// <summary>Makes the requests of a script, one after another; what they are depends on the seed alone, not on how they are served.</summary>
internal sealed class ScriptedTraffic
{
    private readonly SimulationScript script;
    private readonly ImmutableArray<Source[]> phases;
    private SimulationRandom random;
    private double nextArrival;

    public ScriptedTraffic(SimulationScript script, ulong seed)
    {
        this.script = script;
        random = new SimulationRandom(seed);
        Kinds = [.. script.Phases.SelectMany(phase => phase.Sources).Select(source => source.Text).Distinct(StringComparer.Ordinal)];
        phases = [.. script.Phases.Select(phase => phase.Sources.Select(source => new Source(source, Kinds.IndexOf(source.Text))).ToArray())];
    }

    /// <summary>Kinds of text, by index.</summary>
    public ImmutableArray<string> Kinds { get; }

    /// <summary>Requests made.</summary>
    public long Made { get; private set; }

    /// <summary>Index of the phase that the next request belongs to; the number of phases when there is none.</summary>
    public int Phase { get; private set; }

    /// <summary>Requests made of it.</summary>
    public int MadeInPhase { get; private set; }

    public bool IsOver => Phase == script.Phases.Length;

    /// <summary>Seconds at which the next request arrives: now, when so many are not in flight; infinite when it waits for one to end.</summary>
    public double NextAt(double now, int inFlight)
    {
        if (IsOver) return double.PositiveInfinity;
        var phase = script.Phases[Phase];
        if (phase.Concurrency is { } concurrency) return inFlight < concurrency ? now : double.PositiveInfinity;
        if (nextArrival <= 0) nextArrival = now + Gap(phase);
        return nextArrival;
    }

    /// <summary>Makes the next request.</summary>
    public ScriptedRequest Next()
    {
        var phase = script.Phases[Phase];
        var source = Draw(phases[Phase], (double)MadeInPhase / phase.Requests);
        var request = new ScriptedRequest(Made++, source.Kind, source.Script.Tenant is { Length: > 0 } tenant ? tenant : null, Math.Max(2, random.Length(source.Script.PromptTokens)), random.Length(source.Script.AnswerTokens));
        nextArrival = phase.RequestsPerSecond is null ? 0 : nextArrival + Gap(phase);
        if (++MadeInPhase == phase.Requests) (Phase, MadeInPhase, nextArrival) = (Phase + 1, 0, 0);
        return request;
    }

    private double Gap(SimulatedPhase phase) => -Math.Log(1 - random.Uniform()) / phase.RequestsPerSecond!.Value;

    private Source Draw(Source[] sources, double progress)
    {
        var left = random.Uniform() * sources.Sum(source => source.Weight(progress));
        foreach (var source in sources)
        {
            left -= source.Weight(progress);
            if (left < 0) return source;
        }

        return sources[^1];
    }

    private sealed record Source(RequestSource Script, int Kind)
    {
        public double Weight(double progress) => Script.Share + ((Script.ShareAtEnd ?? Script.Share) - Script.Share) * progress;
    }
}
