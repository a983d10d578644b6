namespace Helios.Sdk.Simulation;

/// <summary>A published point: a claim on its layers while it serves, or is evaluated, or has sequences left.</summary>
internal sealed class SimulatedRoute
{
    public SimulatedRoute(OperatingPoint point, ScriptedModel model)
    {
        Point = point;
        Model = model;
        Exit = model.Depths.IndexOf(point.Target.Depth);
    }

    public OperatingPoint Point { get; }

    public ScriptedModel Model { get; }

    public int Depth => Point.Target.Depth;

    public bool IsFullDepth => Depth == Model.Script.Layers;

    /// <summary>Index of its depth among the model's exits.</summary>
    public int Exit { get; }
}

/// <summary>A request that runs. Counters only: prompt and answer left to compute.</summary>
internal sealed class SimulatedSequence
{
    public ScriptedRequest Request { get; private set; }

    public SimulatedRoute Route { get; private set; } = null!;

    public long KvBytes { get; private set; }

    public int PromptLeft { get; set; }

    public int AnswerLeft { get; set; }

    /// <summary>Tokens in KV.</summary>
    public int Context { get; set; }

    /// <summary>How easy the request is as a whole: tokens of one request are not independent.</summary>
    public float Easiness { get; private set; }

    public SimulationRandom Random;

    public void Begin(in ScriptedRequest request, SimulatedRoute route, long kvBytes, ulong seed)
    {
        Request = request;
        Route = route;
        KvBytes = kvBytes;
        PromptLeft = request.PromptTokens;
        AnswerLeft = request.AnswerTokens;
        Context = 0;
        Random = TextRandom.Of(seed, request.Id);
        Easiness = Random.Normal();
    }
}

/// <summary>What the tokens of a text are like: the same for all who serve or score it.</summary>
internal static class TextRandom
{
    /// <summary>How much of a token's easiness is its request's.</summary>
    private const float Shared = 0.4f;

    /// <summary>Correlation of two tokens of a request in whether they are below a middling threshold, 0..1.</summary>
    public static readonly double Clustering = 2 / Math.PI * Math.Asin(Shared * Shared);

    private static readonly float Own = MathF.Sqrt(1 - Shared * Shared);

    public static SimulationRandom Of(ulong seed, long request) => new(seed ^ ((ulong)request + 1) * 0xD1342543DE82EF95);

    /// <summary>How easy the next token is.</summary>
    public static float Token(ref SimulationRandom random, float request) => Shared * request + Own * random.Normal();
}
