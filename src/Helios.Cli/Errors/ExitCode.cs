namespace Helios.Cli.Errors;

/// <summary>How a command ends.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int BadUsage = 2;
}
