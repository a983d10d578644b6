using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tokenization.Reading;

/// <summary>Reads the section <c>model</c>: BPE, its merges and its way with unknown characters.</summary>
internal static class ModelReader
{
    /// <param name="model">The section.</param>
    /// <param name="vocabulary">The vocabulary.</param>
    /// <param name="byteLevel">Whether the last stage before the model writes words in <see cref="ByteLevelAlphabet"/>.</param>
    public static BpeModel Read(JsonField model, Vocabulary vocabulary, bool byteLevel)
    {
        // The oldest published files say no type; they are BPE, and anything else lacks merges.
        if (model["type"].AsTextOrNull() is { } type && type != "BPE") throw model["type"].Bad("\"BPE\"");
        if (model["continuing_subword_prefix"].AsTextOrNull() is { Length: > 0 })
            throw model["continuing_subword_prefix"].Bad("null or empty");
        if (model["end_of_word_suffix"].AsTextOrNull() is { Length: > 0 })
            throw model["end_of_word_suffix"].Bad("null or empty");
        if (!model["dropout"].IsNull) throw model["dropout"].Bad("null: encoding is not random");

        return new BpeModel(vocabulary, ReadMerges(model["merges"], vocabulary), new BpeOptions
        {
            ByteLevel = byteLevel,
            UnknownId = ReadUnknown(model["unk_token"], vocabulary.Ids),
            FuseUnknown = model["fuse_unk"].AsFlag(whenMissing: false),
            ByteFallback = model["byte_fallback"].AsFlag(whenMissing: false),
            IgnoreMerges = model["ignore_merges"].AsFlag(whenMissing: false),
        });
    }

    private static int? ReadUnknown(JsonField field, IReadOnlyDictionary<string, int> ids)
    {
        if (field.AsTextOrNull() is not { } token) return null;
        return ids.TryGetValue(token, out var id) ? id : throw field.Bad("a token of model.vocab");
    }

    /// <summary>Earlier merges go first; of a pair named twice the last counts, as in Hugging Face. None makes a guarded token.</summary>
    private static MergeTable ReadMerges(JsonField merges, Vocabulary vocabulary)
    {
        var ids = vocabulary.Ids;
        var table = new MergeTable();
        var rank = 0;
        foreach (var merge in merges.Items())
        {
            var (left, right) = ReadPair(merge);
            var (first, second, whole) = (Id(left), Id(right), Id(left + right));
            if (!vocabulary.IsGuarded(whole)) table.Add((left, first), (right, second), rank, whole);
            rank++;

            int Id(string token) => ids.TryGetValue(token, out var id)
                ? id
                : throw merge.Bad($"a merge of \"{left}\" and \"{right}\"", $"tokens of model.vocab, which lacks \"{token}\"");
        }

        return table;
    }

    /// <summary>"a b" in older files, ["a", "b"] in newer ones, where tokens may hold spaces.</summary>
    private static (string Left, string Right) ReadPair(JsonField merge)
    {
        const string Expected = "\"left right\" or [\"left\", \"right\"]";
        if (merge.IsArray)
        {
            var pair = merge.Items().Take(3).ToArray();
            return pair.Length == 2 ? (pair[0].AsText(), pair[1].AsText()) : throw merge.Bad(Expected);
        }

        var text = merge.AsText();
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        if (space <= 0 || space == text.Length - 1 || text.AsSpan(space + 1).Contains(' ')) throw merge.Bad(Expected);
        return (text[..space], text[(space + 1)..]);
    }
}
