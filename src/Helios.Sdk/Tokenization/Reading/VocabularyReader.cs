namespace Helios.Sdk.Tokenization.Reading;

/// <summary>
/// Reads <c>model.vocab</c> and <c>added_tokens</c> into one vocabulary where every id has one token at most. Ids may
/// leave gaps, as some published files do; such an id decodes to nothing.
/// </summary>
internal static class VocabularyReader
{
    /// <summary>Ids end here: 16 times the largest published vocabulary, and what bounds the tables a file can ask for.</summary>
    private const int LargestVocabulary = 1 << 22;

    /// <summary>Bounds the steps that recognising an added token takes at one place of the text.</summary>
    private const int LongestAddedToken = 1024;

    public static Vocabulary Read(JsonField root)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var tokens = new Dictionary<int, string>();
        foreach (var (token, field) in root["model"]["vocab"].Members())
        {
            var id = field.AsId(LargestVocabulary);
            if (!tokens.TryAdd(id, token)) throw field.Bad($"{id}, which another token has", "ids that differ");
            ids.Add(token, id);
        }

        if (ids.Count == 0) throw root["model"]["vocab"].Bad("empty", "at least one token");
        var added = ReadAdded(root["added_tokens"], ids, tokens);
        return new Vocabulary(ids, tokens, added);
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
                throw item["id"].Bad($"{token.Id}, but {known} in model.vocab", "the same id");
            if (tokens.TryGetValue(token.Id, out var other) && other != token.Content)
                throw item["id"].Bad($"{token.Id}, which another token has", "ids that differ");

            tokens[token.Id] = token.Content;
            added.Add(token);
        }

        return added;
    }

    private static AddedToken ReadAdded(JsonField item)
    {
        var content = item["content"].AsString();
        if (content.Length > LongestAddedToken)
            throw item["content"].Bad($"{content.Length} characters long", $"{LongestAddedToken} at most");

        var special = item["special"].AsBool(whenMissing: false);
        return new AddedToken(item["id"].AsId(LargestVocabulary), content)
        {
            Special = special,
            LeftStrip = item["lstrip"].AsBool(whenMissing: false),
            RightStrip = item["rstrip"].AsBool(whenMissing: false),
            SingleWord = item["single_word"].AsBool(whenMissing: false),
            Normalized = item["normalized"].AsBool(whenMissing: !special),
        };
    }
}
