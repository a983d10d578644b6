using Helios.Sdk;
using Helios.Sdk.MicrosoftTokenizers;
using Helios.Sdk.Tokenization;

namespace Helios.Cli.Files;

/// <summary>The tokenizer of a folder, whichever of the files it has.</summary>
internal static class ModelTokenizer
{
    /// <exception cref="CheckpointException">There is none, or its file is unusable.</exception>
    public static ITokenizer Load(string folder) => new MicrosoftTokenizerFactory().TryLoad(folder) ?? TokenizerFiles.Load(folder);
}
