namespace Helios.Cli.Errors;

/// <summary>The command line asks for something that cannot be had: exit code 2, and the message on standard error.</summary>
internal sealed class UsageException(string message) : Exception(message);
