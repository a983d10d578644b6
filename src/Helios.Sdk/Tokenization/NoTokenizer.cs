namespace Helios.Sdk.Tokenization;

/// <summary>Stands in for a folder without <c>tokenizer.json</c>: the model is served by ids alone, and its answers have no text.</summary>
/// <param name="model">Name of the model, for messages.</param>
/// <param name="folder">Its folder; ids of two such models are never taken for each other's.</param>
/// <param name="hint">What to do about it; null when nothing is known.</param>
internal sealed class NoTokenizer(string model, string folder, string? hint = null) : ITokenizer
{
    public int VocabularySize => 0;

    public string Fingerprint => $"none:{folder}";

    public bool StripsLeadingSpace => false;

    /// <exception cref="CheckpointException">Always: there is nothing to encode with.</exception>
    public IReadOnlyList<int> Encode(string text, bool addSpecialTokens = true) =>
        throw new CheckpointException($"{Path.Combine(folder, "tokenizer.json")}: is missing, so '{model}' takes token ids, and no text.{(hint is null ? "" : " " + hint)}");

    /// <exception cref="CheckpointException">Always, likewise.</exception>
    public IReadOnlyList<int> Encode(string text, IReadOnlyList<TextSpan> verbatim, bool addSpecialTokens = true) => Encode(text, addSpecialTokens);

    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true) => "";

    public ReadOnlySpan<byte> GetBytes(int id) => [];
}
