using System.Diagnostics;
using Helios.Cli.Checking;

namespace Helios.Cli.Tests.Checking;

/// <summary>What is made of the process that opens a backend, however it ends; a shell stands in for it.</summary>
public sealed class BackendOpeningTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [SkippableTheory]
    [InlineData("echo a device", true, "a device")]
    [InlineData("echo noise >&2; echo 'helios: no such device' >&2; exit 1", false, "no such device")]
    [InlineData("echo 'terminate called' >&2; exit 134", false, "The process that tried ended with exit code 134. terminate called")]
    [InlineData("kill -9 $$", false, "The process that tried ended with exit code 137.")]
    public async Task Its_end_is_reported(string script, bool opened, string detail) =>
        (await BackendOpening.TryAsync(Shell(script), Patience, default)).Should().Be(new Opening(opened, detail));

    [SkippableFact]
    public async Task One_that_hangs_is_ended()
    {
        var opening = await BackendOpening.TryAsync(Shell("sleep 600"), TimeSpan.FromMilliseconds(50), default);
        opening.IsOpened.Should().BeFalse();
        opening.Detail.Should().StartWith("It did not open within");
    }

    [Fact]
    public async Task One_that_does_not_start_is_reported()
    {
        var start = new ProcessStartInfo("/nowhere/helios") { RedirectStandardOutput = true, UseShellExecute = false };
        var opening = await BackendOpening.TryAsync(start, Patience, default);
        opening.IsOpened.Should().BeFalse();
        opening.Detail.Should().StartWith("No process could be started");
    }

    private static ProcessStartInfo Shell(string script)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no such shell.");
        return new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardOutput = true, UseShellExecute = false };
    }
}
