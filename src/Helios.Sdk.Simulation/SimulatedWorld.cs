using System.Collections.Immutable;

namespace Helios.Sdk.Simulation;

/// <summary>What there is besides the engine: time, a machine, models, and the traffic that comes.</summary>
internal sealed class SimulatedWorld
{
    public SimulatedWorld(SimulationScript script, int seed)
    {
        var mixed = new SimulationRandom((ulong)(uint)seed).Next();
        Script = script;
        Traffic = new ScriptedTraffic(script, mixed);
        Texts = new TextRandom(mixed, Traffic.Kinds.Length);
        Machine = new SimulatedMachine(script, Traffic, Clock, ~mixed);
        Models = [.. script.Models.Select(model => new SimulatedCheckpoint(model, Traffic.Kinds, script.LongestRequest))];
    }

    public SimulationScript Script { get; }

    public SimulatedClock Clock { get; } = new();

    public ScriptedTraffic Traffic { get; }

    /// <summary>What texts are like.</summary>
    public TextRandom Texts { get; }

    public SimulatedMachine Machine { get; }

    /// <summary>The script's models, in order of preference.</summary>
    public ImmutableArray<SimulatedCheckpoint> Models { get; }
}
