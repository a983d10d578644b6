using System.Security.Cryptography;
using System.Text;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.ChatTemplates;
using Helios.Sdk.Tokenization.SpecialTokens;

namespace Helios.Sdk.MicrosoftTokenizers.Settings;

/// <summary>What the other files of a folder say of a tokenizer.</summary>
/// <param name="Tokens">Special tokens.</param>
/// <param name="Template">The source of the chat template; empty without one.</param>
internal sealed record TokenizerSurroundings(SpecialTokenFiles Tokens, string Template)
{
    /// <summary>Reads the files that a folder has.</summary>
    /// <exception cref="CheckpointException">A file cannot be read, or is not of the form expected.</exception>
    public static TokenizerSurroundings Read(string folder)
    {
        var files = ChatTemplateFiles.Read(new FolderFiles(folder));
        return new TokenizerSurroundings(files.Tokens, files.Template?.Source ?? "");
    }

    /// <summary>A vocabulary with the added tokens that the file has and the others declare.</summary>
    public Vocabulary Complete(string file, IReadOnlyDictionary<string, int> ids, Dictionary<int, string> tokens, IReadOnlyList<AddedToken> written) =>
        new ControlTokens(Tokens, Template).Complete(ids, tokens, written, token =>
            new CheckpointException(Invariant($"{file}: the id {token.Id}, which {SpecialTokenFiles.AddedPlaces} gives to \"{token.Content}\", is another token's; expected ids that differ.")));

    /// <summary>Ids before and behind a text: <c>bos_token</c> and <c>eos_token</c> where the config asks for them.</summary>
    public SpecialIds Around(Vocabulary vocabulary, int? bos, int? eos, bool addsBos)
    {
        int? Named(string name, int? own) =>
            Tokens.Named.TryGetValue(name, out var content) && vocabulary.Added.FirstOrDefault(token => token.Content == content) is { } known ? known.Id : own;
        return new SpecialIds(
            (Tokens.AddsBos ?? addsBos) && Named("bos_token", bos) is { } before ? [before] : [],
            (Tokens.AddsEos ?? false) && Named("eos_token", eos) is { } behind ? [behind] : []);
    }

    /// <summary>Equal for files and surroundings that give equal ids and text.</summary>
    public static string Fingerprint(string kind, ReadOnlySpan<byte> file, Vocabulary vocabulary, SpecialIds around)
    {
        var declared = vocabulary.DeclaredElsewhere.OrderBy(token => token.Id).Select(token => Invariant($"{token.Id} {token.Special} {token.Content}"));
        var written = string.Join('\0', declared.Prepend($"{kind} {Convert.ToHexStringLower(SHA256.HashData(file))} {string.Join(',', around.Before)} {string.Join(',', around.Behind)}"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(written)));
    }
}
