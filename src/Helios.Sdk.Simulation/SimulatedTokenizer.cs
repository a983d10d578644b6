using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Simulation;

/// <summary>A simulation has no text: its ids are kinds of text.</summary>
internal sealed class SimulatedTokenizer : ITokenizer
{
    public static SimulatedTokenizer Shared { get; } = new();

    public int VocabularySize => 0;

    public string Fingerprint => "simulated";

    public bool StripsLeadingSpace => false;

    public IReadOnlyList<int> Encode(string text, bool addSpecialTokens = true) => [];

    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true) => "";

    public ReadOnlySpan<byte> GetBytes(int id) => [];
}
