namespace Helios.Sdk.Hosting.Configuration;

/// <summary>The option that names a file. What is wrong with the file is found by who reads it; whoever hears of that looks here whose it is.</summary>
/// <param name="Key">Its key within the engine's section.</param>
/// <param name="Index">Place in a list, from 0; null when the option is no list.</param>
internal sealed record OptionSource(string Key, int? Index = null)
{
    /// <summary>The option whose file an exception is about; null when that is not known.</summary>
    public static OptionSource? Of(CheckpointException error) => error.Data[nameof(OptionSource)] as OptionSource;

    /// <summary>Reads the file; what that throws is marked with this option.</summary>
    public T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CheckpointException error)
        {
            error.Data[nameof(OptionSource)] = this;
            throw;
        }
    }
}
