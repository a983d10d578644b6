using Helios.Sdk.Diagnostics;

namespace Helios.Cli.Checking;

/// <summary>Something that a machine has or lacks.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Ok">Whether it can be used.</param>
/// <param name="Detail">What there is, or what is missing and how to come by it.</param>
internal sealed record Check(string Name, bool Ok, string Detail)
{
    /// <summary>What the check of a backend on a kind of device is called.</summary>
    public static string NameOf(BackendReport backend) => $"{backend.Name} on {backend.Device}";
}
