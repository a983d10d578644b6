namespace Helios.Sdk.Simulation.Tests;

/// <summary>The scripts of the repository.</summary>
internal static class Scripts
{
    public static string PathOf(string name) => Path.Combine(TestData.Root, "samples", "simulations", name + ".json");

    public static SimulationScript Load(string name) => SimulationScript.Load(PathOf(name));
}
