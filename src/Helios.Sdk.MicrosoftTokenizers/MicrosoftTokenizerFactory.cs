using Helios.Sdk.Checkpoints;
using Helios.Sdk.MicrosoftTokenizers.SentencePiece;
using Helios.Sdk.MicrosoftTokenizers.Settings;
using Helios.Sdk.MicrosoftTokenizers.Tiktoken;
using Helios.Sdk.Models;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.MicrosoftTokenizers;

/// <summary>
/// Reads <c>tokenizer.model</c> (SentencePiece, its BPE form; or ranks in tiktoken's format, as Llama 3 has it) and <c>*.tiktoken</c> of
/// folders without a <c>tokenizer.json</c>. Ids of a <c>tokenizer.model</c> equal those of the <c>tokenizer.json</c> that Hugging Face
/// converts it to. A <c>.tiktoken</c> word of more than 1,024 characters is cut there, since Microsoft's encoder takes time in proportion to the
/// square of its length. Thread-safe.
/// </summary>
/// <param name="options">Settings of <c>.tiktoken</c> files; null for the defaults.</param>
public sealed class MicrosoftTokenizerFactory(MicrosoftTokenizerOptions? options = null) : ITokenizerFactory
{
    private const string OwnFile = "tokenizer.json";
    private const string ModelFile = "tokenizer.model";
    private const string TiktokenFiles = "*.tiktoken";

    /// <summary>The largest published files have some 5 MB.</summary>
    private const int LargestFile = 64 << 20;

    private readonly MicrosoftTokenizerOptions options = options ?? new MicrosoftTokenizerOptions();

    /// <inheritdoc/>
    public ITokenizer? TryCreate(CheckpointInfo model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return TryLoad(model.Path);
    }

    /// <summary>Reads the tokenizer of a folder; null when it has a <c>tokenizer.json</c>, or no file that this factory reads.</summary>
    /// <param name="folder">A checkpoint's folder.</param>
    /// <exception cref="CheckpointException">The file is unreadable, or not of a supported form.</exception>
    public ITokenizer? TryLoad(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (File.Exists(Path.Combine(folder, OwnFile)) || FindFile(folder) is not { } path) return null;
        var bytes = CheckpointFile.ReadAll(path, LargestFile);
        var beside = TokenizerSurroundings.Read(folder);
        return TiktokenFile.LooksLikeOne(bytes)
            ? TiktokenReader.Read(path, bytes, options, beside)
            : SentencePieceReader.Read(path, bytes, beside);
    }

    private static string? FindFile(string folder)
    {
        var model = Path.Combine(folder, ModelFile);
        if (File.Exists(model)) return model;
        if (!Directory.Exists(folder)) return null;
        return CheckpointFile.List(folder, TiktokenFiles) switch
        {
            [] => null,
            [var only] => only,
            var several => throw CheckpointError.File(folder, $"has {several.Length} .tiktoken files and no {OwnFile}, expected one"),
        };
    }
}
