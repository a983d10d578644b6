namespace Helios.Sdk.Hosting.Configuration;

/// <summary>Options that name files. What is wrong with a file is found by who reads it; the exception then carries the path of the option.</summary>
internal static class OptionSource
{
    /// <summary>The option whose file an exception is about; null when that is not known.</summary>
    public static OptionPath? Of(CheckpointException error) => error.Data[nameof(OptionSource)] as OptionPath?;

    /// <summary>Reads the file of an option; what that throws is marked with it.</summary>
    public static T Read<T>(OptionPath option, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CheckpointException error)
        {
            error.Data[nameof(OptionSource)] = option;
            throw;
        }
    }
}
