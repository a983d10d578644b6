using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.SpecialTokens;

namespace Helios.Sdk.Tokenization.Reading;

/// <summary>
/// Reads <c>model.vocab</c> and <c>added_tokens</c> into one vocabulary where every id has one token at most. Ids may
/// leave gaps, as some published files do; such an id decodes to nothing.
/// </summary>
internal static class VocabularyReader
{
    /// <param name="root">The file.</param>
    /// <param name="beside">What the files beside it say of special tokens.</param>
    /// <param name="template">The source of the chat template; empty without one.</param>
    public static Vocabulary Read(JsonField root, SpecialTokenFiles beside, string template)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var tokens = new Dictionary<int, string>();
        foreach (var (token, field) in root["model"]["vocab"].Members())
        {
            var id = field.AsId(Vocabulary.Largest);
            if (!tokens.TryAdd(id, token)) throw field.Bad(Invariant($"{id}, which another token has"), "ids that differ");
            ids.Add(token, id);
        }

        if (ids.Count == 0) throw root["model"]["vocab"].Bad("empty", "at least one token");
        var written = ReadAdded(root["added_tokens"], ids, tokens);
        return new ControlTokens(beside, template).Complete(ids, tokens, written, token => root["added_tokens"].Bad(
            Invariant($"without \"{token.Content}\", to which {SpecialTokenFiles.AddedPlaces} gives the id {token.Id} that another token has"), "ids that differ"));
    }

    private static List<AddedToken> ReadAdded(JsonField list, Dictionary<string, int> ids, Dictionary<int, string> tokens)
    {
        var added = new List<AddedToken>();
        if (list.IsNull) return added;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in list.Items())
        {
            var token = ReadAdded(item);
            if (!seen.Add(token.Content)) throw item["content"].Bad("there twice", "every added token once");
            if (ids.TryGetValue(token.Content, out var known) && known != token.Id)
                throw item["id"].Bad(Invariant($"{token.Id}, but {known} in model.vocab"), "the same id");
            if (tokens.TryGetValue(token.Id, out var other) && other != token.Content)
                throw item["id"].Bad(Invariant($"{token.Id}, which another token has"), "ids that differ");

            tokens[token.Id] = token.Content;
            added.Add(token);
        }

        return added;
    }

    private static AddedToken ReadAdded(JsonField item)
    {
        var content = item["content"].AsText();
        if (content.Length > AddedToken.Longest)
            throw item["content"].Bad($"{content.Length} characters long", $"{AddedToken.Longest} at most");

        var special = item["special"].AsFlag(whenMissing: false);
        return new AddedToken(item["id"].AsId(Vocabulary.Largest), content)
        {
            Special = special,
            LeftStrip = item["lstrip"].AsFlag(whenMissing: false),
            RightStrip = item["rstrip"].AsFlag(whenMissing: false),
            SingleWord = item["single_word"].AsFlag(whenMissing: false),
            Normalized = item["normalized"].AsFlag(whenMissing: !special),
        };
    }
}
