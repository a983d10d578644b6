using System.CommandLine;
using Helios.Cli.Options;

namespace Helios.Cli.Commands;

/// <summary><c>helios bench</c>: speed and memory without adaptation.</summary>
internal sealed class BenchCommand : Command
{
    public BenchCommand(GlobalOptions global)
        : base("bench", "Measure the engine without adaptation, on a model or on random weights of a shape.")
    {
        Add(new BenchDecodeCommand(global));
        Add(new BenchCapacityCommand(global));
        Add(new BenchBusyCommand());
    }
}
