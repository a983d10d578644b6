using System.Diagnostics.CodeAnalysis;

namespace Helios.Sdk.Hosting.Strategies;

/// <summary>Errors about options.</summary>
internal static class WrongOption
{
    /// <summary>An option is wrong, and the message says which: a parameter's name would say nothing more.</summary>
    [SuppressMessage("Usage", "MA0015", Justification = "The message names the option.")]
    [SuppressMessage("Usage", "CA2208", Justification = "The message names the option.")]
    public static ArgumentException Error(string message) => new(message);

    /// <summary>What a parser or a factory says, without the name of its parameter.</summary>
    public static string Words(Exception error) => error.Message.Split(" (Parameter '", 2)[0];
}
