using Helios.Peers.Models;
using Helios.Sdk;

namespace Helios.Peers.Measuring;

/// <summary>A precision of ours and the format of llama.cpp that it is held against.</summary>
/// <param name="Ours">Our precision.</param>
/// <param name="Theirs">The format; null for the model file of the run, which has one already.</param>
internal sealed record PrecisionPair(Precision Ours, GgufFormat? Theirs)
{
    private static readonly PrecisionPair[] All =
        [new(Precision.Bf16, GgufFormat.Bf16), new(Precision.Int8, GgufFormat.Q8_0), new(Precision.Int4, GgufFormat.Q4_0)];

    /// <summary>Whether both engines hold the same weights; the others quantise each in its own way.</summary>
    public bool HasSameWeights => Theirs is null or GgufFormat.Bf16;

    /// <summary>Our precision's name.</summary>
    public string OurName => Ours.ToString().ToLowerInvariant();

    /// <summary>Their format's name.</summary>
    public string TheirName => Theirs?.ToString().ToLowerInvariant() ?? "as stored";

    /// <summary>The pair of a random model by the name of our precision.</summary>
    /// <exception cref="PeerException">None is compared.</exception>
    public static PrecisionPair Parse(string text) =>
        All.FirstOrDefault(pair => pair.OurName == text)
        ?? throw new PeerException($"Precision '{text}' is not compared; expected {string.Join(", ", All.Select(pair => pair.OurName))}.");

    /// <summary>The pair of a model file by the name of our precision.</summary>
    /// <exception cref="PeerException">There is no such precision.</exception>
    public static PrecisionPair ForFile(string text) =>
        Enum.TryParse<Precision>(text, ignoreCase: true, out var precision) && Enum.IsDefined(precision)
            ? new PrecisionPair(precision, Theirs: null)
            : throw new PeerException($"Precision '{text}' is unknown; expected {string.Join(", ", Enum.GetNames<Precision>()).ToLowerInvariant()}.");

    public override string ToString() => $"{OurName} vs {TheirName}";
}
