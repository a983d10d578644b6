using Helios.Sdk.Models;

namespace Helios.Sdk.Tokenization;

/// <summary>Makes tokenizers that the engine does not read itself. Asked before the engine looks for <c>tokenizer.json</c>.</summary>
public interface ITokenizerFactory
{
    /// <summary>Makes the tokenizer of a model; null leaves it to the next factory, and at last to the engine.</summary>
    /// <param name="model">What its headers say, its folder among it.</param>
    /// <exception cref="CheckpointException">The tokenizer's files are unusable.</exception>
    ITokenizer? TryCreate(CheckpointInfo model);
}
