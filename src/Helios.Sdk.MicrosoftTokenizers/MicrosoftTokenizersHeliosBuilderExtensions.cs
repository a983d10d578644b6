using Helios.Sdk.MicrosoftTokenizers;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk;

/// <summary>Adds tokenizers by Microsoft.ML.Tokenizers.</summary>
public static class MicrosoftTokenizersHeliosBuilderExtensions
{
    /// <summary>
    /// Serves models whose folder has no <c>tokenizer.json</c> but a SentencePiece <c>tokenizer.model</c> or a <c>.tiktoken</c> file.
    /// Models with a <c>tokenizer.json</c> are read by the engine, as before.
    /// </summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="configure">Changes the options; null keeps the defaults.</param>
    /// <returns>The same builder.</returns>
    public static TBuilder UseMicrosoftTokenizers<TBuilder>(this TBuilder builder, Action<MicrosoftTokenizerOptions>? configure = null)
        where TBuilder : IHeliosBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new MicrosoftTokenizerOptions();
        configure?.Invoke(options);
        builder.UseStrategy<ITokenizerFactory>(() => new MicrosoftTokenizerFactory(options));
        return builder;
    }
}
