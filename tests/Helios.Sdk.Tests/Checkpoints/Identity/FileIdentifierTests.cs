using Helios.Sdk.Checkpoints.Identity;
using Microsoft.Win32.SafeHandles;

namespace Helios.Sdk.Tests.Checkpoints.Identity;

/// <summary>What a system says of an open file tells whether somebody wrote to it.</summary>
public sealed class FileIdentifierTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly SafeFileHandle file;

    public FileIdentifierTests()
    {
        File.WriteAllBytes(folder["file"], new byte[1000]);
        File.SetLastWriteTimeUtc(folder["file"], new DateTime(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        file = File.OpenHandle(folder["file"], FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
    }

    public void Dispose()
    {
        file.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_that_nobody_wrote_to_is_the_same(bool portable)
    {
        var identifier = Identifier(portable);
        var identity = identifier.Identify(file);
        identity.Length.Should().Be(1000);
        RandomAccess.Read(file, new byte[10], 0);
        identifier.Identify(file).Should().Be(identity);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Writing_in_place_shows(bool portable)
    {
        var identifier = Identifier(portable);
        var identity = identifier.Identify(file);
        Write();
        identity.DifferenceFrom(identifier.Identify(file)).Should().Be("its modification time is another");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Another_length_shows(bool portable)
    {
        var identifier = Identifier(portable);
        var identity = identifier.Identify(file);
        using (var stream = Open()) stream.SetLength(10);
        identity.DifferenceFrom(identifier.Identify(file)).Should().Be("it had 1000 bytes and has 10");
    }

    [SkippableFact]
    public void A_time_of_writing_that_was_set_back_leaves_the_change_time()
    {
        Skip.If(FileIdentifiers.For(file) is PortableFileIdentifier, "The system offers no change time.");
        var identifier = Identifier(portable: false);
        var identity = identifier.Identify(file);
        Write();
        File.SetLastWriteTimeUtc(folder["file"], new DateTime(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc));

        var later = identifier.Identify(file);
        identity.DifferenceFrom(later).Should().BeNull();
        later.Changed.Should().NotBe(identity.Changed);
    }

    [SkippableFact]
    public void Files_have_numbers_and_times_of_their_own()
    {
        Skip.If(FileIdentifiers.For(file) is PortableFileIdentifier, "The system offers no numbers.");
        var identifier = Identifier(portable: false);
        File.WriteAllBytes(folder["other"], new byte[1000]);
        using var other = File.OpenHandle(folder["other"]);
        using var same = File.OpenHandle(folder["file"], FileMode.Open, FileAccess.Read, FileShare.ReadWrite);

        var (first, second) = (identifier.Identify(file), identifier.Identify(other));
        second.Device.Should().Be(first.Device);
        second.Node.Should().NotBe(first.Node);
        first.DifferenceFrom(second).Should().Be("another file is in its place");
        identifier.Identify(same).Should().Be(first);
    }

    [SkippableFact]
    public void Linux_says_what_the_runtime_says()
    {
        Skip.IfNot(OperatingSystem.IsLinux());
        var identity = new LinuxFileIdentifier().Identify(file);
        identity.Length.Should().Be(RandomAccess.GetLength(file));
        identity.Modified.Should().Be((Int128)(new DateTime(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc) - DateTime.UnixEpoch).Ticks * 100);
    }

    [Fact]
    public void What_a_system_does_not_offer_is_done_without()
    {
        foreach (var error in (Exception[])[new IOException(), new EntryPointNotFoundException(), new DllNotFoundException()])
            FileIdentifiers.For(file, new ScriptedIdentifier(_ => throw error)).Should().BeOfType<PortableFileIdentifier>();
    }

    private IFileIdentifier Identifier(bool portable) => portable ? new PortableFileIdentifier() : FileIdentifiers.For(file);

    private void Write()
    {
        using var stream = Open();
        stream.WriteByte(1);
    }

    private FileStream Open() => new(folder["file"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
}

/// <summary>Says what a script says, by the number of the question.</summary>
internal sealed class ScriptedIdentifier(Func<int, FileIdentity> script) : IFileIdentifier
{
    private int asked;

    public int Asked => asked;

    public FileIdentity Identify(SafeFileHandle file) => script(asked++);
}
