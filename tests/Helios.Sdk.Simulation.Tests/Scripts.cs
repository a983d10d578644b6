namespace Helios.Sdk.Simulation.Tests;

/// <summary>The scripts of the repository.</summary>
internal static class Scripts
{
    public static string PathOf(string name) => Path.Combine(TestData.Root, "samples", "simulations", name + ".json");

    public static SimulationScript Load(string name) => SimulationScript.Load(PathOf(name));

    /// <summary>Every model at every exit.</summary>
    public static IEnumerable<LoadTarget> Points(SimulationScript script) =>
        from model in script.Models from exit in model.Texts.First().Value select new LoadTarget(model.Name, exit.Depth);
}
