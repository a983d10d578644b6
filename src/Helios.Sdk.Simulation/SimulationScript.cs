using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Helios.Sdk.Checkpoints;

namespace Helios.Sdk.Simulation;

/// <summary>A script for simulations: models with known costs and exits, and their traffic.</summary>
/// <remarks>Optional properties have setters because generated readers of JSON give init-only ones no defaults.</remarks>
public sealed record SimulationScript
{
    /// <summary>Name, for people.</summary>
    public required string Name { get; init; }

    /// <summary>Maximum bytes for weights, workspaces and KV together.</summary>
    public required long MemoryBudgetBytes { get; init; }

    /// <summary>Bytes per second at which weights are loaded, above 0.</summary>
    public double LoadBytesPerSecond { get; set; } = 1e9;

    /// <summary>Factor on the time of a step while weights are loaded, at least 1.</summary>
    public double LoadSlowdown { get; set; } = 1.1;

    /// <summary>Scatter of the times of steps of one shape, as a share of their time.</summary>
    public double StepNoise { get; set; } = 0.03;

    /// <summary>File with a list of models, relative to the script's folder; null when all are in <see cref="Models"/>.</summary>
    public string? ModelsFrom { get; set; }

    /// <summary>The models, in order of preference. At least one.</summary>
    public ImmutableArray<SimulatedModel> Models { get; set; } = [];

    /// <summary>The traffic, one phase after another. At least one.</summary>
    public required ImmutableArray<SimulatedPhase> Phases { get; init; }

    /// <summary>Loads that fail.</summary>
    public ImmutableArray<LoadFault> LoadFaults { get; set; } = [];

    /// <summary>Requests of all phases.</summary>
    [JsonIgnore]
    public long Requests => Phases.Sum(phase => (long)phase.Requests);

    /// <summary>Most tokens of a prompt and its answer.</summary>
    internal int LongestRequest => Phases.SelectMany(phase => phase.Sources).Max(source => SimulationRandom.Longest(source.PromptTokens) + SimulationRandom.Longest(source.AnswerTokens));

    /// <summary>Reads a script and the models that it names.</summary>
    /// <param name="path">A JSON file, in camel case; unknown fields are refused.</param>
    /// <exception cref="ArgumentException">It is not a valid script; the message says where and why.</exception>
    public static SimulationScript Load(string path)
    {
        var script = Read(path, SimulationJson.Default.SimulationScript);
        if (script.ModelsFrom is { } file) script = script with { Models = [.. script.Models, .. ReadModels(path, file)] };
        SimulationCheck.Check(script);
        return script;
    }

    /// <summary>Copies the script with another number of requests, with the phases in proportion.</summary>
    /// <param name="requests">Number of requests, at least one per phase.</param>
    public SimulationScript WithRequests(long requests)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(requests, Phases.Length);
        var factor = (double)requests / Requests;
        return this with { Phases = [.. Phases.Select(phase => phase with { Requests = Math.Max(1, (int)Math.Round(phase.Requests * factor)) })] };
    }

    /// <summary>Copies the script with its phases repeated.</summary>
    /// <param name="times">How often, at least 1.</param>
    public SimulationScript Repeat(int times)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(times);
        return this with { Phases = [.. Enumerable.Repeat(Phases, times).SelectMany(phases => phases)] };
    }

    private static ImmutableArray<SimulatedModel> ReadModels(string script, string file)
    {
        try
        {
            return Read(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(script))!, file), SimulationJson.Default.ImmutableArraySimulatedModel);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"{script}: modelsFrom is '{file}', which cannot be read: {error.Message}", nameof(script), error);
        }
    }

    private static T Read<T>(string path, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(JsonText.WithoutMark(File.ReadAllBytes(path).AsSpan()), type) ?? throw new ArgumentException($"{path}: found null; expected an object.", nameof(path));
        }
        catch (JsonException error)
        {
            throw new ArgumentException($"{path}: {error.Message}", nameof(path), error);
        }
    }
}

/// <summary>A model of a simulation.</summary>
public sealed record SimulatedModel
{
    /// <summary>Name, unique in the script.</summary>
    public required string Name { get; init; }

    /// <summary>Layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Bytes of embedding, norms and head.</summary>
    public required long FixedBytes { get; init; }

    /// <summary>Bytes of a layer.</summary>
    public required long LayerBytes { get; init; }

    /// <summary>Bytes of activations.</summary>
    public long WorkspaceBytes { get; set; }

    /// <summary>Bytes of keys and values of one token in one layer.</summary>
    public required int KvBytesPerToken { get; init; }

    /// <summary>The cost of its steps.</summary>
    public required SimulatedCosts Costs { get; init; }

    /// <summary>By kind of text, its exits by ascending depth, the full depth last; every kind has the same depths.</summary>
    public required ImmutableDictionary<string, ImmutableArray<SimulatedExit>> Texts { get; init; }
}

/// <summary>What a step costs: <c>other + head(rows) + depth x (layer(rows) + context x tokens attended to)</c>.</summary>
public sealed record SimulatedCosts
{
    /// <summary>Milliseconds of one layer by rows, linear between and beyond them; rows ascending from 1.</summary>
    public required ImmutableArray<RowCost> Layer { get; init; }

    /// <summary>Milliseconds of norm, head and sampling by rows.</summary>
    public required ImmutableArray<RowCost> Head { get; init; }

    /// <summary>Milliseconds of everything else.</summary>
    public double OtherMs { get; set; }

    /// <summary>Nanoseconds of one layer per token attended to.</summary>
    public double ContextNs { get; set; }
}

/// <summary>Time of a number of rows.</summary>
/// <param name="Rows">Rows, at least 1.</param>
/// <param name="Ms">Milliseconds.</param>
public readonly record struct RowCost(int Rows, double Ms);

/// <summary>Quality of a model at one of its exits on one kind of text.</summary>
public sealed record SimulatedExit
{
    /// <summary>Layers executed.</summary>
    public required int Depth { get; init; }

    /// <summary>Share of tokens equal to the full-depth token, in (0, 1]; 1 at full depth.</summary>
    public required double Agreement { get; init; }

    /// <summary>Bits per byte.</summary>
    public required double BitsPerByte { get; init; }

    /// <summary>
    /// Standard deviation, over tokens, of the logit of a token's probability to agree.
    /// </summary>
    public double Spread { get; set; } = 1.5;

    /// <summary>Overconfidence of the exit, added to the logit of its confidence. 0 means none.</summary>
    public double Overconfidence { get; set; }
}

/// <summary>A phase of the traffic.</summary>
public sealed record SimulatedPhase
{
    /// <summary>Name, for people.</summary>
    public string Name { get; set; } = "";

    /// <summary>Requests that arrive in it.</summary>
    public required int Requests { get; init; }

    /// <summary>Requests kept in flight; null uses <see cref="RequestsPerSecond"/>.</summary>
    public int? Concurrency { get; set; }

    /// <summary>Mean rate of arrivals, which are independent of one another; null uses <see cref="Concurrency"/>.</summary>
    public double? RequestsPerSecond { get; set; }

    /// <summary>Factor on the time of every step, as with another process beside it; above 0.</summary>
    public double Slowdown { get; set; } = 1;

    /// <summary>The sources of the requests. At least one.</summary>
    public required ImmutableArray<RequestSource> Sources { get; init; }
}

/// <summary>A share of a phase's requests.</summary>
public sealed record RequestSource
{
    /// <summary>Kind of text; every model knows it.</summary>
    public required string Text { get; init; }

    /// <summary>Weight among the phase's sources when it begins, 0 or more.</summary>
    public double Share { get; set; } = 1;

    /// <summary>Weight when the phase ends, approached evenly; null stays at <see cref="Share"/>.</summary>
    public double? ShareAtEnd { get; set; }

    /// <summary>The tenant of the requests.</summary>
    public string Tenant { get; set; } = "";

    /// <summary>Mean length of a prompt, at least 2; lengths lie within half of it.</summary>
    public int PromptTokens { get; set; } = 64;

    /// <summary>Mean length of an answer, at least 1; lengths lie within half of it.</summary>
    public int AnswerTokens { get; set; } = 32;
}

/// <summary>Loads of a model that fail.</summary>
/// <param name="Model">The model.</param>
/// <param name="FromRequest">First request from whose arrival on they fail.</param>
/// <param name="ToRequest">Request from whose arrival on they succeed again.</param>
public sealed record LoadFault(string Model, long FromRequest, long ToRequest);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true)]
[JsonSerializable(typeof(SimulationScript))]
[JsonSerializable(typeof(ImmutableArray<SimulatedModel>))]
internal sealed partial class SimulationJson : JsonSerializerContext;
