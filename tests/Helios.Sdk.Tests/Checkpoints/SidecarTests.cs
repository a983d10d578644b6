using Helios.Sdk.Checkpoints;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Checkpoints;

public sealed class SidecarTests
{
    [Theory]
    [InlineData("[]", new[] { 3 })]
    [InlineData("""[{"layers":1}]""", new[] { 1, 3 })]
    [InlineData("""[{"layers":1},{"layers":2}]""", new[] { 1, 2, 3 })]
    [InlineData("""[{"layers":2},{"layers":3}]""", new[] { 2, 3 })]
    public void Exits_end_with_the_full_depth(string exits, int[] depths) =>
        Read($$"""{"version":1,"exits":{{exits}}}""").Exits.Select(exit => exit.Depth).Should().Equal(depths);

    [Fact]
    public void An_exit_may_bring_norm_and_head_from_any_file_of_the_folder()
    {
        var writer = new CheckpointWriter { Shards = 2, Sidecar = OwnExit };
        var norm = writer.Random("exits.2.norm.weight", 16);
        var head = writer.Random("exits.2.head.weight", 32, 16);
        writer.Tensors.Add(norm);
        using var folder = writer.Write();
        File.WriteAllBytes(folder["exits.safetensors"], SafetensorsBytes.Of(head));
        using var checkpoint = Helios.Sdk.Checkpoints.Checkpoint.Open(folder.Path);

        checkpoint.Info.Exits.Should().Equal(new ModelExit(2, OwnNorm: true, OwnHead: true), new ModelExit(3));
        checkpoint.Info.Parameters.Should().Be(6896 + 16 + 32 * 16);
        foreach (var (role, raw) in new[] { (TensorRole.ExitNorm, norm), (TensorRole.ExitHead, head) })
        {
            checkpoint.TryGetTensor(new TensorKey(role, 1), out var tensor).Should().BeTrue("it belongs to the last layer before the exit");
            var bytes = new byte[tensor.Bytes];
            checkpoint.Read(tensor, 0, bytes);
            bytes.Should().Equal(raw.Bytes);
        }
    }

    [Fact]
    public void A_missing_exit_tensor_is_named_with_its_field() =>
        Refuse(OwnExit, "helios.json", "exits[0].norm", "'exits.2.norm.weight'");

    [Fact]
    public void A_misshapen_exit_tensor_is_refused()
    {
        var writer = new CheckpointWriter { Sidecar = OwnExit };
        writer.Tensors.Add(writer.Random("exits.2.norm.weight", 16));
        writer.Tensors.Add(writer.Random("exits.2.head.weight", 31, 16));
        Opening.MustBeRefused(writer, "model.safetensors", "'exits.2.head.weight'", "[31, 16]", "[32, 16]");
    }

    [Fact]
    public void An_exit_tensor_in_two_files_is_refused()
    {
        var writer = new CheckpointWriter { Sidecar = OwnExit };
        writer.Tensors.Add(writer.Random("exits.2.norm.weight", 16));
        using var folder = writer.Write();
        File.WriteAllBytes(folder["exits.safetensors"], SafetensorsBytes.Of(writer.Tensors[^1]));
        Opening.MustBeRefused(folder, "exits.safetensors", "'exits.2.norm.weight'", "model.safetensors");
    }

    [Theory]
    [InlineData("{}", "version")]
    [InlineData("""{"version":3,"exits":[]}""", "version")]
    [InlineData("""{"version":1,"exits":[{"layers":2,"map":"m"}]}""", "exits[0].map")]
    [InlineData("""{"version":1,"exits":[{"layers":2,"norm":{"weight":"n"}}]}""", "exits[0].norm")]
    [InlineData("""{"version":"1","exits":[]}""", "version")]
    [InlineData("""{"version":1}""", "exits")]
    [InlineData("""{"version":1,"exits":{}}""", "exits")]
    [InlineData("""{"version":1,"exits":[],"exitz":[]}""", "exitz")]
    [InlineData("""{"version":1,"exits":[2]}""", "exits[0]")]
    [InlineData("""{"version":1,"exits":[{}]}""", "exits[0].layers")]
    [InlineData("""{"version":1,"exits":[{"layers":0}]}""", "exits[0].layers")]
    [InlineData("""{"version":1,"exits":[{"layers":4}]}""", "exits[0].layers")]
    [InlineData("""{"version":1,"exits":[{"layers":-1}]}""", "exits[0].layers")]
    [InlineData("""{"version":1,"exits":[{"layers":1.5}]}""", "exits[0].layers")]
    [InlineData("""{"version":1,"exits":[{"layers":2},{"layers":1}]}""", "exits[1].layers")]
    [InlineData("""{"version":1,"exits":[{"layers":2},{"layers":2}]}""", "exits[1].layers")]
    [InlineData("""{"version":1,"exits":[{"layers":3},{"layers":3}]}""", "exits[1].layers")]
    [InlineData("""{"version":1,"exits":[{"layers":2,"depth":2}]}""", "exits[0].depth")]
    [InlineData("""{"version":1,"exits":[{"layers":2,"norm":5}]}""", "exits[0].norm")]
    [InlineData("""{"version":1,"exits":[{"layers":3,"norm":"model.norm.weight"}]}""", "exits[0]")]
    [InlineData("""{"version":1,"exits":[{"layers":2,"layers":2}]}""", "layers")]
    [InlineData("[1]", "object")]
    public void A_bad_sidecar_is_refused_by_field(string json, string field) => Refuse(json, "helios.json", field);

    [Theory]
    [InlineData("top1", ExitSignalKind.Top1)]
    [InlineData("margin", ExitSignalKind.Margin)]
    public void Curves_are_kept_as_given(string signal, ExitSignalKind kind)
    {
        var calibration = Read(WithCurve(signal, "[[0.1,0.4],[0.5,0.4],[0.9,1]]")).Calibration!;

        calibration.Signal.Should().Be(kind);
        calibration.Curves.Keys.Should().Equal(2);
        calibration.Curves[2].Should().Equal(new CalibrationPoint(0.1, 0.4), new CalibrationPoint(0.5, 0.4), new CalibrationPoint(0.9, 1));
    }

    [Theory]
    [InlineData("[[0,1],[0.5,0.9],[4.5,0.2]]")]
    [InlineData("[[4.5,0.2],[0.5,0.9],[0,1]]")]
    public void Entropy_is_negated_so_that_more_is_surer(string points)
    {
        var calibration = Read(WithCurve("entropy", points)).Calibration!;

        calibration.Signal.Should().Be(ExitSignalKind.NegativeEntropy);
        calibration.Curves[2].Should().Equal(new CalibrationPoint(-4.5, 0.2), new CalibrationPoint(-0.5, 0.9), new CalibrationPoint(0, 1));
    }

    [Theory]
    [InlineData("top1", "[]")]
    [InlineData("top1", "{}")]
    [InlineData("top1", "[0.1]")]
    [InlineData("top1", "[[0.1]]")]
    [InlineData("top1", "[[0.1,0.2,0.3]]")]
    [InlineData("top1", "[[0.1,\"0.2\"]]")]
    [InlineData("top1", "[[0.1,1.01]]")]
    [InlineData("top1", "[[0.1,-0.01]]")]
    [InlineData("top1", "[[1.1,0.5]]")]
    [InlineData("top1", "[[-0.1,0.5]]")]
    [InlineData("top1", "[[0.1,0.5],[0.2,0.4]]")]
    [InlineData("top1", "[[0.2,0.5],[0.1,0.6]]")]
    [InlineData("top1", "[[0.2,0.5],[0.1,0.4]]")]
    [InlineData("margin", "[[0.1,0.5],[0.1,0.6]]")]
    [InlineData("entropy", "[[0.1,0.5],[0.2,0.6]]")]
    [InlineData("entropy", "[[-0.1,0.5]]")]
    [InlineData("entropy", "[[1e999,0.5]]")]
    [InlineData("entropy", "[[0.1,0.9],[0.3,0.8],[0.2,0.7]]")]
    public void A_curve_that_is_none_is_refused(string signal, string points) =>
        Refuse(WithCurve(signal, points), "helios.json", "calibration.exits.2");

    [Theory]
    [InlineData("""{"signal":"gate","exits":{}}""", "calibration.signal")]
    [InlineData("""{"exits":{}}""", "calibration.signal")]
    [InlineData("""{"signal":"top1"}""", "calibration.exits")]
    [InlineData("""{"signal":"top1","exits":[]}""", "calibration.exits")]
    [InlineData("""{"signal":"top1","exits":{"1":[[0,0]]}}""", "calibration.exits.1")]
    [InlineData("""{"signal":"top1","exits":{"3":[[0,0]]}}""", "calibration.exits.3")]
    [InlineData("""{"signal":"top1","exits":{"02":[[0,0]]}}""", "calibration.exits.02")]
    [InlineData("""{"signal":"top1","exits":{"two":[[0,0]]}}""", "calibration.exits.two")]
    [InlineData("""{"signal":"top1","exits":{},"bins":3}""", "calibration.bins")]
    [InlineData("[]", "calibration")]
    public void A_bad_calibration_is_refused_by_field(string calibration, string field) =>
        Refuse($$"""{"version":1,"exits":[{"layers":2}],"calibration":{{calibration}}}""", "helios.json", field);

    private const string OwnExit = """{"version":1,"exits":[{"layers":2,"norm":"exits.2.norm.weight","head":"exits.2.head.weight"}]}""";

    private static string WithCurve(string signal, string points) =>
        $$$"""{"version":1,"exits":[{"layers":2}],"calibration":{"signal":"{{{signal}}}","exits":{"2":{{{points}}} } } }""";

    private static CheckpointInfo Read(string sidecar) => Opening.Info(new CheckpointWriter { Sidecar = sidecar });

    private static void Refuse(string sidecar, params string[] words) => Opening.MustBeRefused(new CheckpointWriter { Sidecar = sidecar }, words);
}
