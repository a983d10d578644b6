using Helios.Cli.Options;

namespace Helios.ModelBench.Soaking;

/// <summary>Settings of a soak.</summary>
/// <param name="Models">Folders of the models.</param>
/// <param name="Duration">How long requests are made.</param>
/// <param name="Clients">Requests at once.</param>
/// <param name="MostChecked">Most streams that are compared with the same request alone; a random sample when more ended.</param>
/// <param name="Seed">Seed of everything random.</param>
/// <param name="Device">Where it runs.</param>
internal sealed record SoakSettings(IReadOnlyList<string> Models, TimeSpan Duration, int Clients, int MostChecked, int Seed, DeviceChoice Device)
{
    /// <summary>Resident memory at the end may be this many times that of the middle.</summary>
    public const double MostGrowth = 1.2;

    /// <summary>A shorter soak is over before code is compiled and buffers have grown: its memory is not judged.</summary>
    public static readonly TimeSpan ShortestJudged = TimeSpan.FromMinutes(1);

    /// <summary>How long the last requests may take, and then everything they held to come back.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
}
