using System.Text.Json.Nodes;
using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Tests.Checkpoints;

namespace Helios.Sdk.Tests.Adaptation.Repository;

public sealed class RepositoryFileTests : IDisposable
{
    private readonly TempFolder folder = new();

    private string File => folder["repo.json"];

    [Fact]
    public void What_is_written_is_read_again()
    {
        var written = new ModelRepository([Records.Model("a"), Records.Model("b", requests: 0) with { Alone = null, Watts = null, Calibration = [] }], new UsualRequest(30, 90));

        RepositoryFile.Write(File, written);
        var read = RepositoryFile.Read(File);

        read.Should().BeEquivalentTo(written);
        read.Find(written.Models[1].Key)!.Name.Should().Be("b");
        read.Find(written.Models[1].Key with { Precision = Precision.Int8 }).Should().BeNull();
    }

    [Fact]
    public void It_is_replaced_whole_and_nothing_is_left_beside_it()
    {
        RepositoryFile.Write(File, new ModelRepository([Records.Model("a")]));
        RepositoryFile.Write(File, new ModelRepository([Records.Model("b")]));

        RepositoryFile.Read(File).Models.Should().ContainSingle().Which.Name.Should().Be("b");
        Directory.GetFiles(folder.Path).Should().Equal(File);
    }

    [Fact]
    public void A_write_that_fails_leaves_what_was_there()
    {
        RepositoryFile.Write(File, new ModelRepository([Records.Model("a")]));
        var broken = Records.Model("b") with { Alone = new AloneTimes(1, double.NaN, 1) };

        var write = () => RepositoryFile.Write(File, new ModelRepository([broken]));

        write.Should().Throw<ArgumentException>();
        RepositoryFile.Read(File).Models[0].Name.Should().Be("a");
        Directory.GetFiles(folder.Path).Should().Equal(File);
    }

    [Fact]
    public void What_could_not_be_read_again_is_not_written()
    {
        var write = () => RepositoryFile.Write(File, new ModelRepository([Records.Model("a") with { Name = new string('n', RepositoryFile.Format.Longest) }]));

        write.Should().Throw<IOException>().WithMessage($"*at most {RepositoryFile.Format.Longest}*");
        Directory.GetFiles(folder.Path).Should().BeEmpty();
    }

    [Theory]
    [InlineData("version", "2", "version")]
    [InlineData("extra", "1", "extra")]
    [InlineData("models[0].note", "1", "models[0].note")]
    [InlineData("models[0].precision", "\"half\"", "fp32")]
    [InlineData("models[0].exits", "[2, 4]", "6")]
    [InlineData("models[0].exits", "[4, 2, 6]", "ascending")]
    [InlineData("models[0].at", "\"yesterday\"", "models[0].at")]
    [InlineData("models[0].bytes.fixed", "-1", "bytes.fixed")]
    [InlineData("models[0].bytes.layers", "[]", "layers")]
    [InlineData("models[0].costs.layer.base", "-0.1", "costs.layer.base")]
    [InlineData("models[0].costs.layer.slopes", "[1]", "12")]
    [InlineData("models[0].costs.other", "1e400", "costs.other")]
    [InlineData("models[0].calibration[0].exit", "6", "calibration")]
    [InlineData("models[0].calibration[0].weights", "[1]", "64")]
    [InlineData("models[0].requests[0].agreed", "[9, 9, 11]", "requests[0].agreed[2]")]
    [InlineData("models[0].requests[0].agreed", "[9, 9, 9]", "agrees with itself")]
    [InlineData("models[0].requests[0].confidences", "[[160, 9], [160, 9], [160, 10]]", "sure of every token")]
    [InlineData("models[0].requests[0].confidences", "[[180, 9], [160, 9], [200, 10]]", "which no exit is above")]
    [InlineData("models[0].requests[0].confidences", "[[160, 9, 60, 1], [160, 9], [200, 10]]", "confidences[0]")]
    [InlineData("models[0].requests[0].confidences", "[[60, 9, 160, 9], [160, 9], [200, 10]]", "no more than the request's tokens (10)")]
    [InlineData("models[0].requests[0].confidences", "[[60], [160, 9], [200, 10]]", "each with its tokens behind it")]
    [InlineData("models[0].requests[0].confidences", "[[201, 1], [160, 9], [200, 10]]", "confidences[0][0]")]
    [InlineData("models[0].requests[0].confidences", "[[160, 9], [200, 10]]", "one item per exit")]
    [InlineData("models[0].requests[0].highest", "[[160, 9], [160, 9], [200, 9]]", "which no exit is above")]
    [InlineData("models[0].requests[0].highest", "[[180, 10], [160, 9], [200, 10]]", "which no exit is above")]
    [InlineData("models[0].watts", "-1", "watts")]
    [InlineData("models[0].requests[0].nats", "[1e300, 1, 1]", "nats[0]")]
    [InlineData("models[0].requests[0].tokens", "2000000000", "tokens")]
    [InlineData("models[0].requests[0].nats", "[1, 1]", "one item per exit")]
    [InlineData("models[0].requests[0].text", "1", "each text once")]
    [InlineData("usual", """{"promptTokens": 9, "totalTokens": 9}""", "usual.totalTokens")]
    public void What_is_not_as_it_must_be_is_named(string field, string value, string named)
    {
        RepositoryFile.Write(File, new ModelRepository([Records.Model("a")]));
        var json = JsonNode.Parse(System.IO.File.ReadAllText(File))!;
        Set(json, field, value);

        var read = () => RepositoryFile.Read(File);
        read.Should().NotThrow();
        System.IO.File.WriteAllText(File, value == "1e400" ? json.ToJsonString().Replace("\"other\":1", "\"other\":1e400", StringComparison.Ordinal) : json.ToJsonString());

        read.Should().Throw<CheckpointException>().Which.Message.Should().ContainAll(File, named);
    }

    [Fact]
    public void One_key_stands_for_one_record()
    {
        RepositoryFile.Write(File, new ModelRepository([Records.Model("a"), Records.Model("a")]));

        var read = () => RepositoryFile.Read(File);

        read.Should().Throw<CheckpointException>().WithMessage("*models[1]*once*");
    }

    [Fact]
    public void A_damaged_file_is_refused_wherever_the_damage_is()
    {
        RepositoryFile.Write(File, new ModelRepository([Records.Model("a")]));
        var whole = System.IO.File.ReadAllBytes(File);
        for (var length = 0; length < whole.Length - 2; length += 37)
        {
            System.IO.File.WriteAllBytes(File, whole[..length]);
            var read = () => RepositoryFile.Read(File);
            read.Should().Throw<CheckpointException>();
        }
    }

    public void Dispose() => folder.Dispose();

    private static void Set(JsonNode root, string path, string value)
    {
        var steps = path.Replace("[", ".[", StringComparison.Ordinal).Split('.');
        var node = root;
        foreach (var step in steps[..^1]) node = step[0] == '[' ? node[int.Parse(step[1..^1], null)]! : node[step]!;
        node[steps[^1]] = JsonNode.Parse(value == "1e400" ? "1" : value);
    }
}
