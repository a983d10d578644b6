using System.Runtime;

namespace Helios.Cli.Benching;

/// <summary>Runs what is about to be measured until it runs optimised code alone.</summary>
internal static class WarmUp
{
    /// <summary>Makes passes until no method was compiled during one, or the time is up; at least one.</summary>
    /// <param name="pass">About a quarter of a second or more: methods are compiled anew in the background a tenth of a second after they turned out to be hot.</param>
    /// <param name="seconds">Longest warm-up.</param>
    /// <param name="time">Clock.</param>
    public static void Run(Action pass, double seconds, TimeProvider time)
    {
        var started = time.GetTimestamp();
        long compiled;
        do
        {
            compiled = JitInfo.GetCompiledMethodCount();
            pass();
        }
        while (JitInfo.GetCompiledMethodCount() != compiled && time.GetElapsedTime(started).TotalSeconds < seconds);
    }
}
