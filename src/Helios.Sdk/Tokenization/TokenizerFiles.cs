using System.Security.Cryptography;
using System.Text.Json;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Checkpoints.Opening;
using Helios.Sdk.Models;
using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.ChatTemplates;
using Helios.Sdk.Tokenization.Reading;
using Helios.Sdk.Tokenization.SpecialTokens;

namespace Helios.Sdk.Tokenization;

/// <summary>
/// Reads the tokenizer of a checkpoint: <c>tokenizer.json</c> with a BPE model, in its byte-level form (GPT-2, Llama 3,
/// Qwen 2) and in its metaspace form with byte fallback (Llama 2); or the same from the metadata of a GGUF file. Ids equal those of Hugging
/// Face <c>tokenizers</c>.
/// </summary>
/// <remarks>
/// <para>
/// The published word patterns (GPT-2; Llama 3 and GPT-4; Qwen 2) are hand-written scanners, linear in the text. Another
/// pattern runs as a .NET regular expression, without backtracking if possible, otherwise with a time limit;
/// a text that exceeds the limit fails with a <see cref="HeliosException"/>.
/// </para>
/// <para>
/// Normalizers use Unicode 9, as Hugging Face's do. The differences from it do not affect the ids of a text:
/// bytes that are not UTF-8 decode to U+FFFD as the Unicode standard recommends (there, a run of byte tokens becomes one U+FFFD
/// for each byte, valid ones included), a Metaspace decoder drops one leading space (there, all that the first token has), and
/// <c>truncation</c> and <c>padding</c> are not applied.
/// </para>
/// </remarks>
public static class TokenizerFiles
{
    /// <summary>Largest file read. The largest published ones have some 35 MB.</summary>
    internal const int LargestFile = 256 << 20;

    private const string FileName = "tokenizer.json";

    /// <summary>Reads <c>tokenizer.json</c> of a folder, or the tokenizer that a GGUF file holds.</summary>
    /// <param name="folder">A checkpoint's folder, or its GGUF file.</param>
    /// <returns>An immutable, thread-safe tokenizer.</returns>
    /// <exception cref="CheckpointException">The file is missing, unreadable, or not of a supported form.</exception>
    public static ITokenizer Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return Load(ModelPath.Require(folder), template: null);
    }

    /// <summary>Reads the tokenizer of a model that has one; a model without one is served by ids.</summary>
    /// <param name="model">A checkpoint.</param>
    /// <param name="template">A chat template that goes before that of its files; null when there is none.</param>
    /// <exception cref="CheckpointException">The file is unreadable, or not of a supported form.</exception>
    internal static ITokenizer LoadFor(CheckpointInfo model, string? template)
    {
        var files = ModelPath.Of(model.Path);
        return files.Has(FileName) ? Load(files, template) : new NoTokenizer(model.Name, model.Path, HintOf(model.Path));
    }

    private static BpeTokenizer Load(ModelFiles files, string? template)
    {
        if (!files.Has(FileName)) throw CheckpointError.File(files.PathOf(FileName), $"is missing, expected a tokenizer in Hugging Face format{(HintOf(files.Path) is { } hint ? ". " + hint.TrimEnd('.') : "")}");
        var json = files.Read(FileName, LargestFile);
        var beside = ChatTemplateFiles.Read(files);
        return Read(json, files.PathOf(FileName), beside.Tokens, template ?? beside.Template?.Source ?? "");
    }

    /// <summary>What to do about a folder whose tokenizer another package reads; null when there is no such file.</summary>
    private static string? HintOf(string folder)
    {
        if (!Directory.Exists(folder)) return null;
        var other = Directory.EnumerateFiles(folder, "*.tiktoken").Prepend(Path.Combine(folder, "tokenizer.model")).FirstOrDefault(File.Exists);
        return other is null ? null : $"It has {Path.GetFileName(other)}, which the package Helios.Sdk.MicrosoftTokenizers reads: add it, and call .UseMicrosoftTokenizers() on the builder.";
    }

    /// <summary>Reads a tokenizer from the file's content.</summary>
    /// <param name="json">The bytes of <c>tokenizer.json</c>.</param>
    /// <param name="file">How messages name the file.</param>
    /// <param name="beside">What the files beside it say of special tokens; null when there are none.</param>
    /// <param name="template">The source of the chat template; empty without one.</param>
    internal static BpeTokenizer Read(ReadOnlyMemory<byte> json, string file, SpecialTokenFiles? beside = null, string template = "")
    {
        // A name said twice has no meaning that all readers share.
        var options = new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false };
        try
        {
            using var document = JsonText.Parse(json, options);
            var hash = Convert.ToHexStringLower(SHA256.HashData(json.Span));
            return TokenizerReader.Read(new JsonField(file, "", document.RootElement), hash, beside ?? new SpecialTokenFiles(), template);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new CheckpointException($"{file}: the file is not valid JSON ({e.Message}); expected a tokenizer.", e);
        }
    }
}
