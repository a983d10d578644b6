namespace Helios.ModelBench.Endurance;

/// <summary>Settings of an endurance run.</summary>
/// <param name="Requests">Requests in all.</param>
/// <param name="Clients">Requests at once.</param>
/// <param name="Seed">Seed of everything random.</param>
internal sealed record EnduranceSettings(long Requests, int Clients, int Seed)
{
    /// <summary>Probability of a fault at each load of a part, and at each slab.</summary>
    public const double FaultRate = 0.05;

    /// <summary>The managed heap after the last request may be this many times that after a quarter of them.</summary>
    public const double MostGrowth = 1.25;

    /// <summary>A shorter run ends before buffers have grown: its memory is not judged.</summary>
    public const long FewestJudged = 100_000;

    /// <summary>How long nothing may be answered, and then how long everything may take to come back.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
}
