using System.CommandLine;
using Helios.Cli.Benching;
using Helios.Cli.Errors;

namespace Helios.Cli.Commands;

/// <summary>
/// <c>helios bench busy</c>, hidden: threads that compute while standard input last said so, for others to be measured
/// beside. Every command is answered with itself; the end of the input ends it.
/// </summary>
internal sealed class BenchBusyCommand : Command
{
    private readonly Option<int> threads = new("--threads") { HelpName = "N", Required = true };

    public BenchBusyCommand()
        : base(BusyProcess.CommandName, "Keep threads busy until standard input ends.")
    {
        Hidden = true;
        Add(threads);
        SetAction(parsed => Run(parsed.GetRequiredValue(threads)));
    }

    private static int Run(int count)
    {
        using var work = new BusyThreads(count);
        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        while (input.ReadByte() is var command and >= 0)
        {
            work.Switch(command == BusyProcess.On);
            output.WriteByte((byte)command);
            output.Flush();
        }

        return ExitCode.Done;
    }

    /// <summary>Background threads that spin while they are switched on, and sleep otherwise.</summary>
    private sealed class BusyThreads : IDisposable
    {
        private readonly ManualResetEventSlim gate = new();
        private volatile bool on;

        public BusyThreads(int count)
        {
            for (var i = 0; i < count; i++) new Thread(Work) { IsBackground = true }.Start();
        }

        public void Switch(bool busy)
        {
            on = busy;
            if (busy) gate.Set();
            else gate.Reset();
        }

        public void Dispose() => Switch(false);

        private void Work()
        {
            while (true)
            {
                gate.Wait();
                while (on)
                {
                }
            }
        }
    }
}
