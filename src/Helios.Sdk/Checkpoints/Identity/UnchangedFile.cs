using Helios.Sdk.Models;
using Microsoft.Win32.SafeHandles;

namespace Helios.Sdk.Checkpoints.Identity;

/// <summary>
/// Watches an open file: whether it is still as it was when it was opened. Once it is not, it never is again. Thread-safe.
/// </summary>
/// <param name="path">For messages.</param>
/// <param name="handle">The open file; not owned.</param>
/// <param name="identifier">What the system says of it.</param>
internal sealed class UnchangedFile(string path, SafeFileHandle handle, IFileIdentifier identifier)
{
    private readonly Lock gate = new();
    private FileIdentity opened = identifier.Identify(handle);
    private string? changed;

    /// <summary>What changed; null as long as nothing did.</summary>
    public string? Changed => Volatile.Read(ref changed);

    /// <summary>Returns when the file is as it was.</summary>
    /// <param name="contentIsSame">
    /// Reads again what the file can be known by. Asked where its change time alone moved: that of a file which was renamed, linked,
    /// deleted, or given other rights moves too.
    /// </param>
    /// <exception cref="CheckpointChangedException">It is not.</exception>
    public void Require(Func<bool> contentIsSame)
    {
        if (Changed is { } known) throw new CheckpointChangedException(known);
        var now = identifier.Identify(handle);
        FileIdentity before;
        lock (gate) before = opened;
        if (now == before) return;
        if (before.DifferenceFrom(now) is { } difference) throw Fail(difference);
        if (!contentIsSame()) throw Fail("its content is another");
        lock (gate) opened = now;
    }

    /// <summary>Notes that the file is not what it was, and says so.</summary>
    /// <param name="difference">In words.</param>
    public CheckpointChangedException Fail(string difference)
    {
        var message = $"{path}: changed after it was opened: {difference}. What is loaded of the model serves on; no more of it is loaded until it is opened anew.";
        message = Interlocked.CompareExchange(ref changed, message, null) ?? message;
        return new CheckpointChangedException(message);
    }
}
