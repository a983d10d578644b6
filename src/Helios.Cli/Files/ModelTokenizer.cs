using Helios.Cli.Options;
using Helios.Sdk;
using Helios.Sdk.MicrosoftTokenizers;
using Helios.Sdk.Tokenization;

namespace Helios.Cli.Files;

/// <summary>The tokenizer of a model: of a folder, whichever of the files it has, or of a GGUF file.</summary>
internal static class ModelTokenizer
{
    /// <exception cref="CheckpointException">There is none, or its file is unusable.</exception>
    public static ITokenizer Load(string folder) => new MicrosoftTokenizerFactory().TryLoad(folder) ?? TokenizerFiles.Load(folder);

    /// <summary>The same; null where the folder has no tokenizer.</summary>
    public static ITokenizer? TryLoad(string folder) =>
        new MicrosoftTokenizerFactory().TryLoad(folder) ?? (ModelArgument.IsGguf(folder) || File.Exists(Path.Combine(folder, "tokenizer.json")) ? TokenizerFiles.Load(folder) : null);
}
