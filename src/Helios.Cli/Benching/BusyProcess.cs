using System.Diagnostics;
using System.Globalization;
using Helios.Cli.Processes;
using Helios.Sdk;

namespace Helios.Cli.Benching;

/// <summary>
/// Another process with busy threads, to be switched on and off: this program itself, in a mode that obeys its standard
/// input and ends with it, so that it cannot outlive its parent.
/// </summary>
internal sealed class BusyProcess : IDisposable
{
    public const string CommandName = "busy";
    public const char On = '1';
    public const char Off = '0';

    private readonly Process process;

    public BusyProcess(int threads)
    {
        var start = ThisProgram.With("bench", CommandName, "--threads", threads.ToString(CultureInfo.InvariantCulture));
        start.RedirectStandardInput = true;
        process = Process.Start(start) ?? throw new HeliosException("The busy process could not be started.");
    }

    /// <summary>Switches its threads on or off; returns once they are.</summary>
    public void Switch(bool on)
    {
        var state = on ? On : Off;
        process.StandardInput.Write(state);
        process.StandardInput.Flush();
        if (process.StandardOutput.Read() != state) throw new HeliosException("The busy process ended before its time.");
    }

    public void Dispose()
    {
        using (process)
        {
            try
            {
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended by itself.
            }

            process.WaitForExit();
        }
    }
}
