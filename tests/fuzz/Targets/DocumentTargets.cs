using Helios.Cli.Errors;
using Helios.Cli.Files;
using Helios.Sdk;
using Helios.Sdk.Adaptation.Certification;
using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Hub;
using Helios.Sdk.Hub.Pulling;
using Helios.Sdk.Lab;
using Helios.Sdk.Models;
using Helios.Sdk.Simulation;

namespace Helios.Fuzz.Targets;

/// <summary>Documents of the engine and of the tool.</summary>
internal static class DocumentTargets
{
    public static Dictionary<string, Func<Scratch, FuzzTarget>> All { get; } = new(StringComparer.Ordinal)
    {
        ["repository"] = scratch => Of(scratch, "repository", path => RepositoryFile.Read(path), typeof(CheckpointException)),
        ["certificate"] = scratch => Of(scratch, "certificate", path => CertificateFile.Load(path), typeof(CheckpointException)),
        ["simulation"] = scratch =>
        {
            scratch.Write("models.json", Corpus.Read("simulation-models", "models.json"));
            return Of(scratch, "simulation", path => SimulationScript.Load(path), typeof(ArgumentException), typeof(InvalidOptionException));
        },
        ["simulation-models"] = scratch =>
        {
            var script = scratch.Write("script.json", Corpus.Read("simulation", "phases.json"));
            return Of(scratch, "simulation-models", "models.json", _ => SimulationScript.Load(script), typeof(ArgumentException), typeof(InvalidOptionException));
        },
        ["hub-listing"] = _ => new FuzzTarget("hub-listing", ReadListing, typeof(CheckpointException), typeof(ModelPullException)),
        ["pool"] = scratch => Of(scratch, "pool", path => PoolFile.Read(path), typeof(FileException)),
        ["prompts"] = scratch => Of(scratch, "prompts", path => PromptFile.Read(path, 16), typeof(FileException)),
    };

    // Whatever the list says, what is chosen of it stays in its folder.
    private static void ReadListing(byte[] input)
    {
        var listing = HubListing.Read("list.json", input);
        var folder = Path.Combine(Path.GetTempPath(), "model") + Path.DirectorySeparatorChar;
        var selection = new HubSelection(HubId.TryParse("org/model")!, listing);
        foreach (var file in listing.Files)
        {
            if (!Path.GetFullPath(Path.Combine(folder, file.Name)).StartsWith(folder, StringComparison.Ordinal)) throw new InvalidOperationException($"{file.Name} leaves its folder.");
        }

        if (selection.HasGguf && !selection.HasSafetensors) selection.Gguf(chosen: null);
        selection.Description();
        selection.Weights(shards: null);
    }

    private static FuzzTarget Of(Scratch scratch, string name, Action<string> read, params Type[] refusals) => Of(scratch, name, "document.json", read, refusals);

    private static FuzzTarget Of(Scratch scratch, string name, string file, Action<string> read, params Type[] refusals) =>
        new(name, input => read(scratch.Write(file, input)), refusals);
}
