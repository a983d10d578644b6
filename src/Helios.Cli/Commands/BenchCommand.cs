using System.CommandLine;
using Helios.Cli.Options;

namespace Helios.Cli.Commands;

/// <summary><c>helios bench</c>: speed, memory and quality without adaptation.</summary>
internal sealed class BenchCommand : Command
{
    public BenchCommand(GlobalOptions global)
        : base("bench", "Measure the engine alone, without adaptation, on a model or on random weights of a shape.")
    {
        Add(new BenchDecodeCommand(global));
        Add(new BenchCapacityCommand(global));
        Add(new BenchQualityCommand(global));
        Add(new BenchLosslessCommand(global));
        Add(new BenchExitsCommand(global));
        Add(new BenchSoakCommand(global));
        Add(new BenchBusyCommand());
    }
}
