using System.Collections.Immutable;
using System.Globalization;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.Tokenization.SpecialTokens;

/// <summary>
/// What the files beside <c>tokenizer.json</c> say of special tokens: <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c>,
/// <c>added_tokens.json</c>, and the ids in <c>generation_config.json</c> and <c>config.json</c>. Of a token named in two files
/// the first file counts.
/// </summary>
internal sealed record SpecialTokenFiles
{
    public const string ConfigName = "tokenizer_config.json";

    /// <summary>Where tokens with ids may stand, for messages.</summary>
    public const string AddedPlaces = "added_tokens_decoder of tokenizer_config.json or added_tokens.json";

    private const string MapName = "special_tokens_map.json";
    private const string AddedName = "added_tokens.json";
    private const string Decoder = "added_tokens_decoder";
    private const string ListExpected = "a list of tokens";

    private static readonly string[] Names = ["bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token"];
    private static readonly string[] Lists = ["additional_special_tokens", "extra_special_tokens"];
    private static readonly string[] IdNames = ["bos_token_id", "eos_token_id", "pad_token_id"];
    private static readonly string[] IdFiles = ["generation_config.json", "config.json"];

    /// <summary>Tokens by the name that templates know them by: <c>bos_token</c>, <c>eos_token</c>, ...</summary>
    public ImmutableDictionary<string, string> Named { get; private init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Every token that some file calls special, by its content.</summary>
    public ImmutableHashSet<string> Special { get; private init; } = [];

    /// <summary>Ids that a config says begin, end or fill a text. They may name tokens that are ordinary text.</summary>
    public ImmutableHashSet<int> Ids { get; private init; } = [];

    /// <summary>Tokens with the ids and flags that <c>added_tokens_decoder</c> or <c>added_tokens.json</c> gives them.</summary>
    public ImmutableArray<AddedToken> Added { get; private init; } = [];

    /// <summary>Whether the config wants <c>bos_token</c> before a text; null when it does not say.</summary>
    public bool? AddsBos { get; private set; }

    /// <summary>Whether the config wants <c>eos_token</c> behind a text; null when it does not say.</summary>
    public bool? AddsEos { get; private set; }

    /// <summary>Reads the files that a model has.</summary>
    /// <exception cref="CheckpointException">A file cannot be read, or is not of the form expected.</exception>
    public static SpecialTokenFiles Read(ModelFiles model)
    {
        var named = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var special = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (var file in new[] { ConfigName, MapName }) Read(model, file, root => ReadNames(root, named, special));
        var added = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        Read(model, ConfigName, root => ReadDecoder(root, added));
        Read(model, AddedName, root => ReadAdded(root, added));
        foreach (var token in added.Values.Where(token => token.Special)) special.Add(token.Content);
        var ids = ImmutableHashSet.CreateBuilder<int>();
        foreach (var file in IdFiles) Read(model, file, root => ReadIds(root, ids));
        var files = new SpecialTokenFiles { Named = named.ToImmutable(), Special = special.ToImmutable(), Ids = ids.ToImmutable(), Added = [.. added.Values] };
        Read(model, ConfigName, root => (files.AddsBos, files.AddsEos) = (ReadFlag(root, "add_bos_token"), ReadFlag(root, "add_eos_token")));
        return files;
    }

    private static void Read(ModelFiles model, string file, Action<JsonField> read)
    {
        if (!model.Has(file)) return;
        JsonFile.Parse(model.PathOf(file), model.Read(file), root =>
        {
            read(root);
            return true;
        });
    }

    private static bool? ReadFlag(JsonField root, string name) => root.TryGet(name, out var field) ? field.AsFlag() : null;

    private static void ReadNames(JsonField root, ImmutableDictionary<string, string>.Builder named, ImmutableHashSet<string>.Builder special)
    {
        foreach (var name in Names)
        {
            if (!root.TryGet(name, out var field)) continue;
            var token = ReadContent(field);
            if (named.TryAdd(name, token)) special.Add(token);
        }

        foreach (var name in Lists)
        {
            if (!root.TryGet(name, out var list)) continue;
            foreach (var item in list.IsObject ? list.Members().Select(property => property.Value) : list.Items(ListExpected)) special.Add(ReadContent(item));
        }
    }

    private static void ReadDecoder(JsonField root, Dictionary<string, AddedToken> added)
    {
        if (!root.TryGet(Decoder, out var decoder)) return;
        foreach (var (key, entry) in decoder.Members())
        {
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id >= Vocabulary.Largest)
                throw CheckpointError.Field(root.File, Decoder, $"an object with the key \"{key}\"", $"ids below {Vocabulary.Largest} as keys");
            var special = entry.AsObject().Flag("special", fallback: false);
            var token = new AddedToken(id, ReadContent(entry))
            {
                Special = special,
                LeftStrip = entry.Flag("lstrip", fallback: false),
                RightStrip = entry.Flag("rstrip", fallback: false),
                SingleWord = entry.Flag("single_word", fallback: false),
                Normalized = entry.Flag("normalized", fallback: !special),
            };
            added.TryAdd(token.Content, token);
        }
    }

    /// <summary>The older form, content and id alone.</summary>
    private static void ReadAdded(JsonField root, Dictionary<string, AddedToken> added)
    {
        foreach (var (content, id) in root.Members())
        {
            if (content.Length > AddedToken.Longest) throw id.Bad($"a token of at most {AddedToken.Longest} characters");
            added.TryAdd(content, new AddedToken(id.AsInt(0, Vocabulary.Largest - 1), content) { Normalized = true });
        }
    }

    /// <summary>Some published configs fill with -1: what is no id names no token.</summary>
    private static void ReadIds(JsonField root, ImmutableHashSet<int>.Builder ids)
    {
        foreach (var name in IdNames)
        {
            if (!root.TryGet(name, out var field)) continue;
            foreach (var id in field.IsArray ? field.Items("a list of ids") : [field])
            {
                if (id.AsLong(long.MinValue, long.MaxValue) is >= 0 and < Vocabulary.Largest and var known) ids.Add((int)known);
            }
        }
    }

    private static string ReadContent(JsonField field)
    {
        var token = field.IsObject ? field.Required("content", "a string").AsText() : field.AsText();
        return token.Length <= AddedToken.Longest ? token : throw field.Bad($"at most {AddedToken.Longest} characters");
    }
}
