using System.CommandLine;

namespace Helios.Cli.Options;

/// <summary>The folder of a model.</summary>
internal static class ModelArgument
{
    public static Argument<string> Create() => new("MODEL") { Description = "Folder of a model in Hugging Face layout." };
}
