namespace Helios.Fuzz;

/// <summary>A parser under attack: it takes any bytes, and returns or refuses them in its own words.</summary>
/// <param name="Name">Its name, and that of its folder in the corpus.</param>
/// <param name="Run">Reads the bytes. A broken invariant throws, as a bug would.</param>
/// <param name="Refusals">Exceptions by which bad input is refused; any other is a finding.</param>
internal sealed record FuzzTarget(string Name, Action<byte[]> Run, params Type[] Refusals)
{
    /// <summary>The finding that an input makes; null when it was read or refused.</summary>
    public Exception? Try(byte[] input)
    {
        try
        {
            Run(input);
            return null;
        }
        catch (Exception error)
        {
            return Array.Exists(Refusals, refusal => refusal == error.GetType()) ? null : error;
        }
    }
}
