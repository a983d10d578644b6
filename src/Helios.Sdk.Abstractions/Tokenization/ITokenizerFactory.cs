using Helios.Sdk.Models;

namespace Helios.Sdk.Tokenization;

/// <summary>Creates tokenizers that the engine does not read itself. It takes precedence over <c>tokenizer.json</c>.</summary>
public interface ITokenizerFactory
{
    /// <summary>Creates the tokenizer of a model; with null the next factory is called, and then the engine reads <c>tokenizer.json</c>.</summary>
    /// <param name="model">The contents of its headers, and its folder.</param>
    /// <exception cref="CheckpointException">The tokenizer's files are unusable.</exception>
    ITokenizer? TryCreate(CheckpointInfo model);
}
