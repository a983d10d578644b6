using System.CommandLine;
using Helios.Cli;
using Helios.Cli.Options;
using Helios.ModelBench.Endurance;
using Helios.ModelBench.Exits;
using Helios.ModelBench.Lossless;
using Helios.ModelBench.Quality;
using Helios.ModelBench.Soaking;

namespace Helios.ModelBench;

/// <summary>What a model's precisions, exits and drafts cost and gain, and whether an engine holds out under load. Options, errors and exit codes are those of <c>helios</c>.</summary>
internal static class BenchApp
{
    public static Task<int> RunAsync(IReadOnlyList<string> args, TextWriter stdout, TextWriter stderr, CancellationToken cancellationToken = default) =>
        CliApp.RunAsync(CreateRoot, args, stdout, stderr, cancellationToken);

    private static RootCommand CreateRoot(GlobalOptions global) => new("Measure a model's precisions, exit policies and drafts, or an engine under random load.")
    {
        new QualityCommand(global),
        new ExitsCommand(global),
        new LosslessCommand(global),
        new SoakCommand(global),
        new EnduranceCommand(global),
    };
}
