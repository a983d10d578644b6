using System.Text;
using Helios.Sdk;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.MicrosoftTokenizers;
using Helios.Sdk.Models;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.SpecialTokens;

namespace Helios.Fuzz.Targets;

/// <summary>Files of tokenizers, and texts.</summary>
internal static class TokenizerTargets
{
    private const string Text = "Ab c<s> plain\u00e9\u4e16 \ud83d\ude00\n\t  x";

    public static Dictionary<string, Func<Scratch, FuzzTarget>> All { get; } = new(StringComparer.Ordinal)
    {
        ["tokenizer-json"] = _ => new FuzzTarget("tokenizer-json", input => Use(TokenizerFiles.Read(input, "tokenizer.json")), typeof(CheckpointException)),
        ["special-tokens"] = scratch => new FuzzTarget(
            "special-tokens",
            input =>
            {
                // One file in four forms: each reader meets what is meant for another.
                foreach (var file in (string[])["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "generation_config.json"]) scratch.Write(file, input);
                TokenizerFiles.Read(Corpus.Read("tokenizer-json", "small.json"), "tokenizer.json", SpecialTokenFiles.Read(new FolderFiles(scratch.Folder)));
            },
            typeof(CheckpointException)),
        ["sentencepiece"] = scratch => Model(scratch, "sentencepiece", "tokenizer.model"),
        ["tiktoken"] = scratch => Model(scratch, "tiktoken", "ranks.tiktoken"),
        ["text"] = _ => Texts(),
    };

    private static FuzzTarget Model(Scratch scratch, string name, string file) => new(
        name,
        input =>
        {
            scratch.Write(file, input);
            Use(new MicrosoftTokenizerFactory().TryLoad(scratch.Folder)!);
        },
        typeof(CheckpointException));

    private static void Use(ITokenizer tokenizer)
    {
        var ids = tokenizer.Encode(Text);
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)tokenizer.VocabularySize) throw new InvalidOperationException($"id {id} of {tokenizer.VocabularySize}");
            _ = tokenizer.GetBytes(id);
        }

        _ = tokenizer.Decode(ids);
    }

    /// <summary>Bytes of a text make ids that make the same bytes; and a bound on ids changes no id.</summary>
    private static FuzzTarget Texts()
    {
        var tokenizer = TokenizerFiles.Load(Path.Combine(Corpus.Root, "samples", "models", "tiny-s"));
        return new FuzzTarget("text", input =>
        {
            var text = Encoding.UTF8.GetString(input);
            TextSpan[] verbatim = text.Length == 0 ? [] : [new TextSpan(0, text.Length)];
            var ids = tokenizer.Encode(text, verbatim, addSpecialTokens: false);
            if (tokenizer.Decode(ids, skipSpecialTokens: false) != text) throw new InvalidOperationException("the text does not come back");
            var bounded = tokenizer.EncodeUpTo(ids.Count, text, verbatim, addSpecialTokens: false);
            if (bounded is null || !bounded.SequenceEqual(ids)) throw new InvalidOperationException("a bound that the text meets changes its ids");
            if (ids.Count > 0 && tokenizer.EncodeUpTo(ids.Count - 1, text, verbatim, addSpecialTokens: false) is not null) throw new InvalidOperationException("a bound does not hold");
        });
    }
}
