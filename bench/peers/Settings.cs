using Helios.Peers.Measuring;
using Helios.Peers.Models;

namespace Helios.Peers;

/// <summary>What a run compares.</summary>
/// <param name="Model">The model.</param>
/// <param name="Pairs">Precisions.</param>
/// <param name="Peer">Which build of llama.cpp.</param>
/// <param name="Threads">Threads of either engine.</param>
/// <param name="Rounds">Measured rounds.</param>
/// <param name="LongContext">Whether context 2,048 is measured too.</param>
/// <param name="Folder">Where llama.cpp's package lies.</param>
/// <param name="Json">Whether the report is JSON.</param>
internal sealed record Settings(
    IModelStore Model, IReadOnlyList<PrecisionPair> Pairs, string Peer, int Threads, int Rounds, bool LongContext, string Folder, bool Json);
