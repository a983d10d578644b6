using Helios.Peers.Models;
using Helios.Sdk;

namespace Helios.Peers.Measuring;

/// <summary>A precision of ours and the format of llama.cpp that it is held against.</summary>
internal sealed record PrecisionPair(string Ours, GgufFormat Theirs)
{
    public static IReadOnlyList<PrecisionPair> All { get; } =
        [new("bf16", GgufFormat.Bf16), new("int8", GgufFormat.Q8_0), new("int4", GgufFormat.Q4_0)];

    /// <summary>Our precision; null while the SDK has none of that name.</summary>
    public Precision? Precision => Enum.TryParse<Precision>(Ours, ignoreCase: true, out var known) ? known : null;

    public static PrecisionPair Parse(string text) =>
        All.FirstOrDefault(pair => pair.Ours == text)
        ?? throw new PeerException($"Precision '{text}' is not compared; expected {string.Join(", ", All.Select(pair => pair.Ours))}.");

    public override string ToString() => $"{Ours} vs {Theirs.ToString().ToLowerInvariant()}";
}
