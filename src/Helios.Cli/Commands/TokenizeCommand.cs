using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Helios.Cli.Errors;
using Helios.Cli.Files;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Results;
using Helios.Sdk.Tokenization;

namespace Helios.Cli.Commands;

/// <summary><c>helios tokenize</c>: text to ids and back.</summary>
internal sealed class TokenizeCommand : Command
{
    private readonly Argument<string> model = ModelArgument.Create();
    private readonly Option<string?> text = new("--text") { Description = "Text to encode.", HelpName = "T" };
    private readonly Option<string?> file = new("--file") { Description = "UTF-8 file with the text to encode.", HelpName = "F" };
    private readonly Option<string?> lines = new("--lines") { Description = "Texts to encode, one {\"text\": T} a line.", HelpName = "F.jsonl" };
    private readonly Option<ImmutableArray<int>?> decode = IdList.Option("--decode", "Ids to decode.");
    private readonly Option<bool> noSpecial = new("--no-special") { Description = "Leave special tokens out." };

    public TokenizeCommand(GlobalOptions global)
        : base("tokenize", "Encode a text or decode ids with the model's tokenizer.")
    {
        Add(model);
        Add(text);
        Add(file);
        Add(lines);
        Add(decode);
        Add(noSpecial);
        this.ExactlyOneOf(text, file, lines, decode);
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), parsed, cancellationToken));
    }

    private async Task<int> RunAsync(Screen screen, ParseResult parsed, CancellationToken cancellationToken)
    {
        var tokenizer = ModelTokenizer.Load(parsed.GetRequiredValue(model));
        var special = !parsed.GetValue(noSpecial);
        if (parsed.GetValue(decode) is { } ids)
        {
            Print(screen, Decode(tokenizer, ids, special));
            return ExitCode.Done;
        }

        if (parsed.GetValue(lines) is { } many)
        {
            foreach (var line in JsonLines.Read(many, TextOf)) Print(screen, Encode(tokenizer, line, special));
            return ExitCode.Done;
        }

        var encoded = parsed.GetValue(text) ?? await File.ReadAllTextAsync(parsed.GetRequiredValue(file)!, cancellationToken).ConfigureAwait(false);
        Print(screen, new EncodedText(tokenizer.Encode(encoded, special)));
        return ExitCode.Done;
    }

    /// <summary>An empty text is a text.</summary>
    private static string TextOf(StrictObject line)
    {
        const string Field = "text";
        var found = line.Required(Field, "a text");
        return found.ValueKind == JsonValueKind.String ? found.GetString()! : throw line.Wrong(Field, found, "a text");
    }

    private static EncodedLine Encode(ITokenizer tokenizer, string text, bool special)
    {
        var ids = tokenizer.Encode(text, special);
        return new EncodedLine(ids, tokenizer.Decode(ids, skipSpecialTokens: !special));
    }

    private static DecodedIds Decode(ITokenizer tokenizer, ImmutableArray<int> ids, bool special)
    {
        foreach (var id in ids)
        {
            if (id >= tokenizer.VocabularySize) throw new UsageException(Invariant($"--decode has id {id}; ids of this tokenizer run from 0 to {tokenizer.VocabularySize - 1}."));
        }

        return new DecodedIds(tokenizer.Decode(ids, skipSpecialTokens: !special));
    }

    private static void Print(Screen screen, EncodedText encoded)
    {
        if (screen.IsJson) screen.Json(encoded, CliJson.Lines.EncodedText);
        else screen.Text(string.Join(' ', encoded.Ids) + Environment.NewLine);
    }

    private static void Print(Screen screen, EncodedLine line)
    {
        if (screen.IsJson) screen.Json(line, CliJson.Lines.EncodedLine);
        else screen.Text(string.Join(' ', line.Ids) + Environment.NewLine);
    }

    private static void Print(Screen screen, DecodedIds decoded)
    {
        if (screen.IsJson) screen.Json(decoded, CliJson.Lines.DecodedIds);
        else screen.Text(decoded.Text + Environment.NewLine);
    }
}
