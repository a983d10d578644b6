namespace Helios.Cli.Errors;

/// <summary>A file given to a command is unusable; the message names file and field. Exit code 1.</summary>
internal sealed class FileException(string message) : Exception(message);
