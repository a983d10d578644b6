using Helios.Cli.Files;
using Helios.Sdk;
using Helios.Sdk.Tokenization;

namespace Helios.Benchmarks.Ablations;

/// <summary>The sample models, and engines over them.</summary>
internal sealed class SamplePool
{
    public const string Medium = "tiny-m";
    public const string Small = "tiny-s";

    private const string Folder = "samples/models";

    private SamplePool(PoolFile file) => File = file;

    /// <summary>As <c>helios run</c> would read it, for scoring again.</summary>
    public PoolFile File { get; }

    /// <summary>Both models, tiny-m first.</summary>
    /// <param name="budgetBytes">Bytes for weights, workspaces and KV.</param>
    public static SamplePool Open(long budgetBytes) =>
        new(new PoolFile(budgetBytes, [.. new[] { Medium, Small }.Select(name => new PoolFileModel(name, Path.GetFullPath(Path.Combine(Folder, name))))]));

    /// <summary>Both models have the same one.</summary>
    public ITokenizer LoadTokenizer() => TokenizerFiles.Load(File.Models[0].Folder);

    /// <summary>
    /// An engine over some of the models. Without a cache of prefixes: prompts come again only because the texts are few.
    /// </summary>
    public HeliosBuilder CreateBuilder(IEnumerable<string> models)
    {
        var builder = HeliosEngine.CreateBuilder();
        foreach (var name in models) builder.AddModel(File.Models.First(model => model.Name == name).Folder, name);
        return builder.UseCpu().UseMemoryBudget(File.MemoryBudget!.Value).Configure(options => options.Serving.PrefixCache = false);
    }
}
