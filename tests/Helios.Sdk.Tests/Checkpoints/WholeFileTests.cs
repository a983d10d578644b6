using System.Text;
using Helios.Sdk.Checkpoints;

namespace Helios.Sdk.Tests.Checkpoints;

public sealed class WholeFileTests : IDisposable
{
    private readonly TempFolder folder = new();

    private string File => folder["file"];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_write_that_throws_leaves_what_was_there_and_nothing_beside_it()
    {
        Write("before");
        var write = () => WholeFile.Write(File, stream =>
        {
            stream.Write("half"u8);
            throw new IOException("full");
        });

        write.Should().Throw<IOException>();
        System.IO.File.ReadAllText(File).Should().Be("before");
        Directory.GetFiles(folder.Path).Should().Equal(File);
    }

    [Fact]
    public void What_a_killed_process_left_is_removed_by_the_next_write()
    {
        string[] others = [folder["file.mine.tmp"], folder[$"other.{Guid.NewGuid():N}.tmp"], Beside(TimeSpan.FromSeconds(5))];
        foreach (var other in others[..2]) Touch(other, TimeSpan.FromDays(1));
        Beside(TimeSpan.FromMinutes(11));

        Write("content");

        Directory.GetFiles(folder.Path).Should().BeEquivalentTo([File, .. others], "a file that is being written now, and files of others, stay");
    }

    [Fact]
    public void A_link_stays_and_what_it_leads_to_is_written()
    {
        System.IO.File.WriteAllText(folder["target"], "before");
        System.IO.File.CreateSymbolicLink(File, folder["target"]);

        Write("after");

        new FileInfo(File).LinkTarget.Should().NotBeNull();
        System.IO.File.ReadAllText(folder["target"]).Should().Be("after");
    }

    [Fact]
    public void A_file_without_content_is_written_where_it_is()
    {
        System.IO.File.WriteAllText(File, "");
        using var reader = new FileStream(File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);

        Write("content");

        new StreamReader(reader).ReadToEnd().Should().Be("content", "it is the same file still, as a device would be");
    }

    private void Write(string content) => WholeFile.Write(File, stream => stream.Write(Encoding.UTF8.GetBytes(content)));

    private string Beside(TimeSpan age)
    {
        var path = $"{File}.{Guid.NewGuid():N}.tmp";
        Touch(path, age);
        return path;
    }

    private static void Touch(string path, TimeSpan age)
    {
        System.IO.File.WriteAllText(path, "half");
        System.IO.File.SetLastWriteTimeUtc(path, (TimeProvider.System.GetUtcNow() - age).UtcDateTime);
    }
}
